/**
 * What a session acquires, and how each of it is released: whether this daemon has made it or an earlier one.
 */
import { homeVolume } from "../podman/container-spec.ts";
import { containerName } from "./container-request.ts";
import type { OpenRecord } from "./ports.ts";
import type { ReleaseStack } from "./release-stack.ts";
import type { SessionHost } from "./session-host.ts";

type Releasing = Pick<SessionHost, "instance" | "engine" | "workspaces" | "credentials" | "failpoints">;

/** Told every so often while a large staging directory is removed, with the number of entries removed so far. */
export type OnRemoving = (entries: number) => void;

/** Has the staging directory and the gate released; to be called before they are made. */
export function deferDirectories(
  resources: ReleaseStack,
  record: Pick<OpenRecord, "id">,
  { workspaces, credentials, failpoints }: Releasing,
  onRemoving: OnRemoving,
): void {
  resources.defer("staging directory", async () => {
    await workspaces.remove(record.id, onRemoving);
    await failpoints.reach("staging_removed");
  });
  resources.defer("gate", async () => {
    await credentials.removeGate(record.id);
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
  record: Pick<OpenRecord, "id">,
  { instance, engine, failpoints }: Releasing,
  bringsHome: boolean,
): void {
  const name = containerName(instance, record.id);
  if (bringsHome) resources.defer("home volume", () => engine.removeVolume(homeVolume(name)));
  resources.defer("container", async () => {
    await engine.removeContainer(name);
    await failpoints.reach("container_removed");
  });
}

/** Has everything released that an earlier daemon may have made for a session. */
export function deferEverything(
  resources: ReleaseStack,
  record: Pick<OpenRecord, "id">,
  releasing: Releasing,
  onRemoving: OnRemoving,
): void {
  deferDirectories(resources, record, releasing, onRemoving);
  deferContainer(resources, record, releasing, true);
}
