/** The end of a program whose output somebody else may hold open. */
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { GroupLeader } from "./process-group.ts";

/** For what a program has written, and nobody has read yet. */
const OUTPUT_END_MS = 500;

/**
 * Resolves when a program has ended and what it wrote has been read, to its exit code; null when a signal ended it. A process
 * that outlives it, such as a master connection of ssh, may hold the output open: the streams are left then.
 *
 * @param child one that runs: to be called in the turn in which it was started.
 * @param streams its outputs, which somebody reads; closed when this resolves.
 */
export async function exitAndOutput(
  child: GroupLeader & NodeJS.EventEmitter,
  streams: readonly Readable[],
): Promise<number | null> {
  const ended = streams.map((stream) => once(stream, "close").catch(() => undefined)); // Broken: there is no more.
  const [exitCode] = (await once(child, "exit")) as [number | null];
  await Promise.race([Promise.all(ended), delay(OUTPUT_END_MS, undefined, { ref: false })]);
  for (const stream of streams) stream.destroy();
  return exitCode;
}
