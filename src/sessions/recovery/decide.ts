/**
 * What becomes of a record that an earlier daemon left open. Nothing is looked at and nothing is done here.
 */
import { ending, type Ending } from "../../outcome.ts";
import type { ContainerPhase, Exited } from "../../podman/container-status.ts";
import type { Beginning } from "../beginning.ts";
import type { EndOrder } from "../end-orders.ts";
import { endingOfExit, endingOfOrder, isEndOfCommand } from "../supervise.ts";
import type { LeftTrail } from "./trail.ts";

/** After so many starts that no daemon has survived, the session is not begun again. */
export const MOST_STARTS = 5;

/** A session's container, as the engine shows it. */
export interface FoundContainer {
  readonly id: string;
  readonly phase: ContainerPhase;
  /** Undefined before the end. */
  readonly exit: Exited | undefined;
}

/** What is known of one open record. */
export interface Left {
  readonly trail: LeftTrail;
  /** Undefined when there is none. */
  readonly container: FoundContainer | undefined;
  /** Whether the FIFO of its gate is there, which is taken away once everything was written. */
  readonly gateStands: boolean;
  /** What stands for this boot. */
  readonly boot: string;
  /** Undefined: the session may run for ever. */
  readonly timeoutMs: number | undefined;
}

/** Where the session goes on. */
export function decide(left: Left): Beginning {
  const { trail } = left;
  switch (trail.state) {
    case "queued":
      return { at: "queue", order: trail.order };
    case "preparing":
      return decidePreparing(trail);
    case "running":
      return decideRunning(left, trail);
    case "finishing":
      return { at: "end", ending: trail.ending, endTimestamp: trail.endTimestamp };
  }
}

/** Nothing of the agent's has run. */
function decidePreparing({ starts, order }: LeftTrail & { state: "preparing" }): Beginning {
  if (starts < MOST_STARTS || order !== undefined) return { at: "queue_again", starts, order };
  const cause = `the daemon did not survive ${starts} starts of this session in a row. Look at the daemon's log for why.`;
  return endsWith(ending("launch_failed", { stage: "start", cause }));
}

function decideRunning(left: Left, trail: LeftTrail & { state: "running" }): Beginning {
  const { container, boot, timeoutMs } = left;
  const { handedOver, openedUptimeMs, openedTimestamp, order } = trail;
  if (trail.boot === boot && container?.phase === "running") {
    return { at: "command", containerId: container.id, openedUptimeMs, handedOver, order };
  }
  if (order !== undefined) return decideOrdered(order, trail.boot === boot ? container?.exit : undefined);
  if (trail.boot !== boot)
    return interrupted("the host was restarted, or its user's session ended, while it ran");
  if (container === undefined) return interrupted("something other than agentd has removed the container");
  if (container.phase === "created")
    return interrupted("the engine does not know any more that its container ran");
  if (container.exit === undefined) return interrupted("the engine does not say how its container ended");
  if (!handedOver && left.gateStands && !isEndOfCommand(container.exit)) {
    return interrupted("its container ended before it was known whether its command had got its credentials");
  }
  const ranMs = Date.parse(container.exit.finishedAt) - Date.parse(openedTimestamp);
  const isPastDeadline = timeoutMs !== undefined && ranMs >= timeoutMs;
  const end = endingOfExit(container.exit, isPastDeadline);
  return { at: "end", ending: end, endTimestamp: timestamp(container.exit.finishedAt) };
}

/** It was told to end, and it has, however that came about. */
function decideOrdered(order: EndOrder, exit: Exited | undefined): Beginning {
  const end = endingOfOrder(order, exit);
  return { at: "end", ending: end, endTimestamp: exit && timestamp(exit.finishedAt) };
}

function interrupted(cause: string): Beginning {
  return endsWith(ending("interrupted", { cause }));
}

function endsWith(end: Ending): Beginning {
  return { at: "end", ending: end, endTimestamp: undefined };
}

/** Undefined when the engine gave none. */
function timestamp(rfc3339: string): string | undefined {
  const timeMs = Date.parse(rfc3339);
  return timeMs > 0 ? new Date(timeMs).toISOString() : undefined;
}
