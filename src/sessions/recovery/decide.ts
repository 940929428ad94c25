/**
 * What becomes of a record that an earlier daemon left open. Pure: reads nothing and changes nothing.
 */
import { type Ending, ending } from "../../outcome.ts";
import type { CommandEnd, Examined } from "../port/executor.ts";
import { endingOf, endingOfOrder } from "../run/command-ending.ts";
import type { Beginning } from "../state/beginning.ts";
import type { EndOrder } from "../state/end-orders.ts";
import { NEVER_PAUSED, type PauseTrail } from "../state/pauses.ts";
import type { LeftTrail } from "./trail.ts";

/** After so many starts that no daemon has survived, the session is not started again. */
export const MOST_STARTS = 5;

/** What is known of one open record. */
export interface Left {
  readonly trail: LeftTrail;
  /** What exists of it; undefined: nothing. */
  readonly found: Examined | undefined;
  /** The mark of this boot. */
  readonly boot: string;
  /** Undefined: no limit. */
  readonly timeoutMs: number | undefined;
  /** Whether it runs on another machine, which this one's boots do not touch. */
  readonly isPlaced: boolean;
}

/** Where the session continues. */
export function decide(left: Left): Beginning {
  const { trail } = left;
  if (left.isPlaced && left.found !== undefined) {
    if (trail.state === "preparing") return { at: "launch", order: trail.order };
    if (trail.state === "running") {
      const { openedUptimeMs, order } = trail;
      return { at: "command", ref: left.found.ref, openedUptimeMs, handedOver: true, order };
    }
  }
  switch (trail.state) {
    case "queued":
      return { at: "queue", order: trail.order };
    case "preparing":
      return decidePreparing(trail);
    case "running":
      return decideRunning(left, trail);
    case "finishing":
      return {
        at: "end",
        ending: trail.ending,
        endTimestamp: trail.endTimestamp,
        isExported: trail.isExported,
        publishing: trail.publishing,
        keeping: trail.keeping,
      };
  }
}

/** Nothing of the agent's has run. */
function decidePreparing({ starts, order }: LeftTrail & { state: "preparing" }): Beginning {
  if (starts < MOST_STARTS || order !== undefined) return { at: "queue_again", starts, order };
  const cause = `the daemon did not survive ${starts} starts of this session in a row. See the daemon's log for the cause.`;
  return endsWith(ending("launch_failed", { stage: "start", cause }));
}

function decideRunning(left: Left, trail: LeftTrail & { state: "running" }): Beginning {
  const { found, boot, timeoutMs } = left;
  const { handedOver, openedUptimeMs, openedTimestamp, pauses, order } = trail;
  if (trail.boot === boot && found?.phase === "running") {
    return { at: "command", ref: found.ref, openedUptimeMs, handedOver, pauses, order };
  }
  if (order !== undefined) return decideOrdered(order, trail.boot === boot ? found?.end : undefined);
  if (trail.boot !== boot)
    return interrupted("the host was restarted, or its user's session ended, while it ran");
  if (found === undefined) return interrupted("something other than agentd removed the container");
  if (found.phase === "made") return interrupted("Podman has no record that its container ran");
  const { end } = found;
  if (end === undefined) return interrupted("Podman does not report how its container ended");
  if (!handedOver && !found.hadCredentials && !(end.kind === "exited" && end.isCommands)) {
    return interrupted(
      "its container ended before agentd knew whether its command had received its credentials",
    );
  }
  const endTimestamp = endedAt(end);
  const endMs = Date.parse(endTimestamp ?? "");
  const ranMs = endMs - Date.parse(openedTimestamp) - pausedUntil(endMs, pauses ?? NEVER_PAUSED);
  const isPastDeadline = timeoutMs !== undefined && ranMs >= timeoutMs;
  return { at: "end", ending: endingOf(end, isPastDeadline), endTimestamp };
}

/** How long it stood still until then, in milliseconds. @param endMs on the wall clock. */
function pausedUntil(endMs: number, { earlierMs, current }: PauseTrail): number {
  return earlierMs + (current === undefined ? 0 : Math.max(0, endMs - Date.parse(current.sinceTimestamp)));
}

/** It was ordered to end and has ended, for whatever cause. */
function decideOrdered(order: EndOrder, end: CommandEnd | undefined): Beginning {
  return { at: "end", ending: endingOfOrder(order, end), endTimestamp: end && endedAt(end) };
}

/** Undefined when unknown. */
function endedAt(end: CommandEnd): string | undefined {
  return end.kind === "lost" ? undefined : end.endedAt;
}

function interrupted(cause: string): Beginning {
  return endsWith(ending("interrupted", { cause }));
}

function endsWith(end: Ending): Beginning {
  return { at: "end", ending: end, endTimestamp: undefined };
}
