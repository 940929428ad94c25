import { constants } from "node:os";
import { CUT_SHORT } from "../credentials/launcher.ts";
import { ending, endingOfExitCode, type Ending } from "../outcome.ts";
import type { ContainerExit } from "../podman/exit-watch.ts";
import type { EndOrder, EndOrders } from "./end-orders.ts";
import type { Clock, Engine } from "./ports.ts";
import { sleepUntil } from "./sleep.ts";

/** The exit code of a command that SIGKILL has ended. */
const KILLED = 128 + constants.signals.SIGKILL;

/** The exit code that the engine shows when conmon's own timeout ended the container. */
const ENDED_BY_BACKSTOP = -1;

/** What supervising one running container needs. */
export interface Supervision {
  readonly containerId: string;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Settles when the container has ended. */
  readonly exited: Promise<ContainerExit>;
  /** From whatever wants the session to end: the operator, its deadline, a limit. */
  readonly orders: Pick<EndOrders, "first" | "taken">;
  /** Ends the supervision, not the container. */
  readonly signal: AbortSignal;
}

/**
 * Waits for a container's end, brings it about when ordered, and says how the session ended.
 *
 * @throws the signal's reason.
 */
export async function supervise(supervision: Supervision): Promise<Ending> {
  const { exited, orders } = supervision;
  const first = await Promise.race([
    exited.then((exit) => ({ exit, order: undefined })),
    orders.first().then((order) => ({ exit: undefined, order })),
  ]);
  const exit =
    first.order === undefined
      ? await confirmed(supervision, first.exit)
      : await terminate(supervision, first.order.graceMs);
  // Also one that is being journaled: whoever gave it will be told that it was taken.
  return orders.taken === undefined ? endingOfExit(exit) : endingOfOrder(orders.taken, exit);
}

/** A removal behind agentd's back begins with a kill. */
async function confirmed(
  { containerId, engine, signal }: Supervision,
  exit: ContainerExit,
): Promise<ContainerExit> {
  const mayBeRemoval = exit.kind === "exited" && exit.exitCode === KILLED && !exit.oomKilled;
  return mayBeRemoval ? await engine.confirmKill(containerId, exit, signal) : exit;
}

/** SIGTERM, the grace, SIGKILL: and then the end, whatever it is. */
async function terminate(supervision: Supervision, graceMs: number): Promise<ContainerExit> {
  const { containerId, engine, exited, clock } = supervision;
  await engine.signalContainer(containerId, "SIGTERM");
  const over = new AbortController();
  const graceful = await Promise.race([
    exited,
    sleepUntil(clock.monotonic() + graceMs, { clock, signal: over.signal }).then(() => undefined),
  ]);
  over.abort();
  if (graceful !== undefined) return graceful;
  await engine.signalContainer(containerId, "SIGKILL");
  return exited;
}

/**
 * How a session ended that nobody told to.
 *
 * @param isPastDeadline whether it ended past its deadline, while no daemon was there to end it.
 */
export function endingOfExit(exit: ContainerExit, isPastDeadline = false): Ending {
  if (exit.kind === "lost") return ending("interrupted", { cause: exit.why });
  if (exit.exitCode === ENDED_BY_BACKSTOP) {
    return isPastDeadline
      ? ending("timed_out", { cause: "ran past its deadline, and the engine's own timeout ended it" })
      : ending("interrupted", { cause: "the engine's own timeout ended the container before the deadline" });
  }
  const byCode = endingOfExitCode(exit.exitCode, signalName);
  if (!exit.oomKilled || exit.exitCode === 0) return byCode;
  return { ...byCode, outcome: "out_of_memory", cause: "the container reached its memory limit" };
}

/**
 * Whether an exit before which nothing says that the command had its credentials is the command's all the same: a launcher
 * that is cut short has a code of its own. One that was killed, or that the engine has ended, proves nothing.
 */
export function isEndOfCommand(exit: ContainerExit): boolean {
  if (exit.kind === "lost" || exit.exitCode === ENDED_BY_BACKSTOP) return false;
  return exit.exitCode !== CUT_SHORT && endingOfExitCode(exit.exitCode, signalName).signal === null;
}

/**
 * An ordered end keeps its outcome, whatever code the command then left with.
 *
 * @param exit undefined when nobody can tell.
 */
export function endingOfOrder(order: EndOrder, exit: ContainerExit | undefined): Ending {
  const left =
    exit?.kind === "exited" && exit.exitCode !== ENDED_BY_BACKSTOP
      ? endingOfExitCode(exit.exitCode, signalName)
      : ending(order.outcome);
  return { ...left, outcome: order.outcome, cause: order.cause };
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
