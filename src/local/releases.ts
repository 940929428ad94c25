/**
 * What a session acquires, and how each of it is released: whether this daemon has made it or an earlier one.
 */
import { homeVolume } from "../podman/containers/container-spec.ts";
import type { Profile } from "../profile/profile.ts";
import type { ReleaseStack } from "../release-stack.ts";
import { containerName } from "./container-request.ts";
import type { LocalParts } from "./parts.ts";

type Releasing = Pick<LocalParts, "instance" | "engine" | "workspaces" | "credentials" | "failpoints">;

/** Told every so often while a large staging directory is removed, with the number of entries removed so far. */
export type OnRemoving = (entries: number) => void;

/** Has the staging directory and the gate released; to be called before they are made. */
export function deferDirectories(
  resources: ReleaseStack,
  sessionId: string,
  { workspaces, credentials, failpoints }: Releasing,
  onRemoving: OnRemoving,
): void {
  resources.defer("staging directory", async () => {
    await workspaces.remove(sessionId, onRemoving);
    await failpoints.reach("staging_removed");
  });
  resources.defer("gate", async () => {
    await credentials.removeGate(sessionId);
    await failpoints.reach("gate_removed");
  });
}

/**
 * Has the container released; to be called before the create, whose reply may be lost although it was made.
 *
 * @param bringsHome whether a volume is made for it too.
 */
export function deferContainer(
  resources: ReleaseStack,
  sessionId: string,
  { instance, engine, failpoints }: Releasing,
  bringsHome: boolean,
): void {
  const name = containerName(instance, sessionId);
  if (bringsHome) resources.defer("home volume", () => engine.removeVolume(homeVolume(name)));
  resources.defer("container", async () => {
    await engine.removeContainer(name);
    await failpoints.reach("container_removed");
  });
}

/** Has that killed by its pid which may still run in a container that the engine has lost sight of: conmon has died. */
export function deferFirstProcess(
  resources: ReleaseStack,
  { sessionId, profile }: { readonly sessionId: string; readonly profile: Profile },
  { instance, engine, credentials }: Releasing,
): void {
  const ending = credentials.launcherEnding(profile.command);
  resources.defer("first process", () => engine.endFirstProcess(containerName(instance, sessionId), ending));
}

/** Has everything released that an earlier daemon may have made for a session. */
export function deferEverything(
  resources: ReleaseStack,
  sessionId: string,
  releasing: Releasing,
  onRemoving: OnRemoving,
): void {
  deferDirectories(resources, sessionId, releasing, onRemoving);
  deferContainer(resources, sessionId, releasing, true);
}
