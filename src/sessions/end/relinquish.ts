/**
 * What happens to a session in preparation when its daemon ends.
 */
import type { SessionParts } from "../parts/session-parts.ts";
import type { Place } from "../queue/place.ts";
import { isPlaced } from "../state/plan.ts";

/** Nothing of a session runs while it is being prepared. */
const NOTHING_RUNS = { mayStillRun: false } as const;

/**
 * Leaves a session to the next daemon: a running one continues; one that was being prepared begins anew there, unless that is
 * on another machine.
 */
export async function leaveBehind({ host, standing, job, plan, log }: SessionParts): Promise<void> {
  try {
    standing.oweLine("detached", host.daemon);
    await standing.settle();
    if (standing.state === "preparing" && !isPlaced(plan)) await host.executor.release(job, NOTHING_RUNS);
  } catch (error) {
    // The next daemon clears it away.
    log.warn({ error }, "session left; some of its resources were not released");
  }
}

/**
 * Removes what an earlier daemon had made for a session, and puts the session back into the queue.
 *
 * @param starts how often it was begun.
 * @param place given back when that fails again and again: others may run meanwhile.
 * @returns whether it was given back.
 */
export async function clearAway(parts: SessionParts, starts: number, place: Place): Promise<boolean> {
  const { host, job, standing, leaving } = parts;
  let isReleased = false;
  const steps = async (): Promise<void> => {
    if (!isReleased) await host.executor.release(job, { ...NOTHING_RUNS, onRemoving: standing.removing });
    isReleased = true;
    await standing.enter("queued", "restarted", { starts, ...host.daemon });
  };
  let hasLost = false;
  await standing.untilItSucceeds(steps, leaving, (failures) => {
    hasLost ||= place.giveBackAfter(failures);
  });
  return hasLost;
}
