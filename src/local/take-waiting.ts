/** A session takes a container that waits. */
import { AgentdError, sentence } from "../errors.ts";
import { inStage } from "../sessions/port/launch-stage.ts";
import { containerName } from "./container-request.ts";
import { fingerprintOf, type Surrounding } from "./likeness.ts";
import { removeWaiting, type Waiting } from "./make-waiting.ts";
import type { Preparation } from "./preparation.ts";

/** What a session has of a container that waited, before it is sure that it takes that. */
export type TakenDirectories = Pick<Waiting, "staging" | "gate">;

/**
 * Makes the directories of a waiting container those of the session, whose container sees them move. Nobody else has the container.
 *
 * @returns undefined when they cannot be moved: nothing is left of it then.
 * @throws LaunchError when that cannot be removed.
 */
export async function takeDirectories(
  { parts, job, releases }: Preparation,
  waiting: Waiting,
): Promise<TakenDirectories | undefined> {
  const { engine, workspaces, credentials, warm, failpoints, log } = parts;
  const { key, containerId } = waiting;
  const { sessionId } = job;
  // By its id: its name changes meanwhile.
  releases.processes.defer("container", async () => {
    await engine.removeContainer(containerId);
    await failpoints.reach("container_removed");
  });
  try {
    const staging = await workspaces.give(key, sessionId);
    await failpoints.reach("warm_staging_taken");
    const gate = await credentials.giveGate(key, sessionId);
    await failpoints.reach("warm_gate_taken");
    await warm.skeletons.give(key, job);
    await failpoints.reach("warm_record_taken");
    return { staging, gate };
  } catch (error) {
    log.warn({ session: sessionId, container: containerId, error }, "cannot take a container that waits");
    const remove = (): Promise<void> => removeWaiting(parts, waiting);
    releases.files.defer("directories of a container that waited", remove);
    await inStage("create", async () => {
      await remove();
      await credentials.removeGate(sessionId);
      await workspaces.remove(sessionId);
    });
    return undefined;
  }
}

/**
 * Makes a waiting container, whose directories the session has, the session's own. Before its gate opens, the journal says so.
 *
 * @returns why it cannot be taken; undefined when it is.
 */
export async function takeContainer(
  { parts, job, preparing }: Preparation,
  { containerId: container, fingerprint, found }: Waiting,
  surrounding: Surrounding,
): Promise<string | undefined> {
  const { engine, instance, failpoints } = parts;
  try {
    const [now, isRunning] = await Promise.all([fingerprintOf(surrounding), engine.isRunning(container)]);
    if (now !== fingerprint) return "its image, or something of the host that it was made from, has changed";
    if (!isRunning) return "somebody has paused, ended or removed it";
    await engine.renameContainer(container, containerName(instance, job.sessionId));
  } catch (error) {
    return error instanceof AgentdError ? error.message : sentence(error);
  }
  await failpoints.reach("warm_renamed");
  await preparing.found("warm_taken", { container, ...found });
  await failpoints.reach("warm_taken");
  return undefined;
}

/** Removes a container that could not be taken, and makes anew what it saw of the session's directories. */
export async function giveUpContainer(
  { parts, job }: Preparation,
  { containerId }: Waiting,
  why: string,
): Promise<void> {
  const { engine, workspaces, log } = parts;
  log.info({ session: job.sessionId, container: containerId, why }, "a container that waited is not taken");
  await engine.removeContainer(containerId);
  await workspaces.renew(job.sessionId);
}
