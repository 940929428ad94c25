/**
 * What a session acquires, and how each part is released, made by this daemon or an earlier one.
 */
import { homeVolume } from "../podman/containers/container-spec.ts";
import type { ReleaseStack } from "../release-stack.ts";
import type { CommandOfJob } from "../sessions/port/executor.ts";
import { containerName } from "./container-request.ts";
import type { LocalParts } from "./parts.ts";

type Releasing = Pick<LocalParts, "instance" | "engine" | "workspaces" | "credentials" | "failpoints">;

/** Called every so often while a large staging directory is removed, with the number of entries removed so far. */
export type OnRemoving = (entries: number) => void;

/** Registers the release of the staging directory and the gate; call it before they are made. */
export function deferDirectories(
  { files, workspace }: Releases,
  sessionId: string,
  { workspaces, credentials, failpoints }: Releasing,
  onRemoving: OnRemoving,
): void {
  workspace.defer("staging directory", async () => {
    await workspaces.remove(sessionId, onRemoving);
    await failpoints.reach("staging_removed");
  });
  files.defer("gate", async () => {
    await credentials.removeGate(sessionId);
    await failpoints.reach("gate_removed");
  });
}

/** What is released of a session, in this order. */
export interface Releases {
  /** What can run: released first, so that the work of the session can be exported in between. */
  readonly processes: ReleaseStack;
  /** What else it has on the host. */
  readonly files: ReleaseStack;
  /** What it has written. Once no process of it lives and that is exported, it may be released at any time. */
  readonly workspace: ReleaseStack;
}

/**
 * Registers the release of the container; call it before the create, whose reply may be lost although it was made.
 *
 * @param bringsHome whether a volume is made for it too.
 */
export function deferContainer(
  { processes, files }: Releases,
  sessionId: string,
  { instance, engine, failpoints }: Releasing,
  bringsHome: boolean,
): void {
  const name = containerName(instance, sessionId);
  if (bringsHome) files.defer("home volume", () => engine.removeVolume(homeVolume(name)));
  processes.defer("container", async () => {
    await engine.removeContainer(name);
    await failpoints.reach("container_removed");
  });
}

/** Registers a kill of the container's first process by its pid, for when conmon has died and the engine lost sight of it. */
export function deferFirstProcess(
  { processes }: Releases,
  { sessionId, command }: CommandOfJob,
  { instance, engine, credentials }: Releasing,
): void {
  processes.defer("first process", async () => {
    const endings = credentials.launcherEndings(await command());
    await engine.endFirstProcess(containerName(instance, sessionId), endings);
  });
}

/** Registers the release of everything that an earlier daemon may have made for a session. */
export function deferEverything(
  releases: Releases,
  sessionId: string,
  releasing: Releasing,
  onRemoving: OnRemoving,
): void {
  deferDirectories(releases, sessionId, releasing, onRemoving);
  deferContainer(releases, sessionId, releasing, true);
}
