/**
 * What a session that was being prepared goes through when its daemon ends.
 */
import { deferEverything } from "./releases.ts";
import { ReleaseStack } from "./release-stack.ts";
import type { SessionParts } from "./session-parts.ts";

/** Leaves a session to the next daemon: what runs goes on; what was being prepared begins anew there. */
export async function leaveBehind({ host, standing, resources, log }: SessionParts): Promise<void> {
  try {
    standing.oweLine("detached", host.daemon);
    await standing.settle();
    if (standing.state === "preparing") await resources.release();
  } catch (error) {
    // The next daemon clears it away.
    log.warn({ error }, "session left, and not all of it cleared away");
  }
}

/**
 * Takes away what an earlier daemon had made for a session, and puts it back into the queue.
 *
 * @param starts how often it was begun.
 */
export async function clearAway(parts: SessionParts, starts: number): Promise<void> {
  const { host, record, standing, leaving } = parts;
  const resources = new ReleaseStack();
  deferEverything(resources, record, host, standing.removing);
  const steps = async (): Promise<void> => {
    await resources.release();
    await standing.enter("queued", "restarted", { starts, ...host.daemon });
  };
  await standing.untilItSucceeds(steps, leaving);
}
