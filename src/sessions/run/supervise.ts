import type { Ending } from "../../outcome.ts";
import type { CommandEnd, Executor } from "../port/executor.ts";
import type { Clock } from "../port/ports.ts";
import { sleepUntil } from "../port/sleep.ts";
import type { EndOrders } from "../state/end-orders.ts";
import { endingOf, endingOfOrder } from "./command-ending.ts";

/** What supervising one running command needs. */
export interface Supervision {
  readonly ref: string;
  readonly executor: Pick<Executor, "signal">;
  readonly clock: Clock;
  /** Settles when the command has ended. */
  readonly ended: Promise<CommandEnd>;
  /** From the operator, its deadline or a limit. */
  readonly orders: Pick<EndOrders, "first" | "taken">;
  /** Continues the command where it is paused, before it is told to end. Does not reject. */
  readonly wake: () => Promise<void>;
}

/**
 * Waits for a command's end, ends the command when ordered, and says how the session ended.
 *
 * @throws what `ended` rejects with.
 */
export async function supervise(supervision: Supervision): Promise<Ending> {
  const { ended, orders } = supervision;
  const order = await Promise.race([ended.then(() => undefined), orders.first()]);
  const end = order === undefined ? await ended : await terminate(supervision, order.graceMs);
  // Also an order that is still being journaled: its giver will be told that it was taken.
  return orders.taken === undefined ? endingOf(end) : endingOfOrder(orders.taken, end);
}

/** SIGTERM, the grace, SIGKILL; returns the end. */
async function terminate(
  { ref, executor, ended, clock, wake }: Supervision,
  graceMs: number,
): Promise<CommandEnd> {
  await wake();
  await executor.signal(ref, "SIGTERM");
  const over = new AbortController();
  const graceful = await Promise.race([
    ended,
    sleepUntil(clock.monotonic() + graceMs, { clock, signal: over.signal }).then(() => undefined),
  ]);
  over.abort();
  if (graceful !== undefined) return graceful;
  await executor.signal(ref, "SIGKILL");
  return ended;
}
