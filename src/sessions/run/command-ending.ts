/** From the end of a command to the outcome of its session. */
import { constants } from "node:os";
import { type Ending, ending, endingOfExitCode } from "../../outcome.ts";
import type { CommandEnd } from "../port/executor.ts";
import type { EndOrder } from "../state/end-orders.ts";

/**
 * How a session ended without an order.
 *
 * @param isPastDeadline whether it ended past its deadline, while no daemon was there to end it.
 */
export function endingOf(end: CommandEnd, isPastDeadline = false): Ending {
  switch (end.kind) {
    case "told":
      return end.ending;
    case "lost":
      return ending("interrupted", { cause: end.why });
    case "outlasted":
      return isPastDeadline
        ? ending("timed_out", { cause: "ran past its deadline, and the engine's own timeout ended it" })
        : ending("interrupted", {
            cause: "the engine's own timeout ended the container before the deadline",
          });
    case "exited": {
      const byCode = endingOfExitCode(end.exitCode, signalName);
      if (!end.outOfMemory || end.exitCode === 0) return byCode;
      return { ...byCode, outcome: "out_of_memory", cause: "the container reached its memory limit" };
    }
  }
}

/**
 * An ordered end keeps its outcome, with any exit code of the command.
 *
 * @param end undefined when unknown.
 */
export function endingOfOrder(order: EndOrder, end: CommandEnd | undefined): Ending {
  return { ...leftOf(order, end), outcome: order.outcome, cause: order.cause };
}

function leftOf(order: EndOrder, end: CommandEnd | undefined): Ending {
  if (end?.kind === "told") return end.ending;
  return end?.kind === "exited" ? endingOfExitCode(end.exitCode, signalName) : ending(order.outcome);
}

const FIRST_REAL_TIME_SIGNAL = 34;
const LAST_REAL_TIME_SIGNAL = 64;

/** As bash names signals. */
function signalName(number: number): string | undefined {
  const known = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  if (known !== undefined || number < FIRST_REAL_TIME_SIGNAL || number > LAST_REAL_TIME_SIGNAL) return known;
  const [fromFirst, fromLast] = [number - FIRST_REAL_TIME_SIGNAL, LAST_REAL_TIME_SIGNAL - number];
  const [end, distance] = fromFirst <= fromLast ? ["SIGRTMIN+", fromFirst] : ["SIGRTMAX-", fromLast];
  return distance === 0 ? end.slice(0, -1) : `${end}${distance}`;
}
