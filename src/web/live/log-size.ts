/** How long a session's output is, while a page shows it. */
import { stat } from "node:fs/promises";
import { recordPaths } from "../../audit/format/record-layout.ts";
import { ifThere } from "../../if-there.ts";

/** Between two looks. */
const LOOK_MS = 300;

export interface LogSizeOptions {
  /** Directory of the record. */
  readonly record: string;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Gives the size in bytes whenever it has changed, until the signal is aborted. */
export async function* logSizes({ record, sleep, signal }: LogSizeOptions): AsyncGenerator<number> {
  let known: number | undefined;
  while (!signal.aborted) {
    const size = (await ifThere(stat(recordPaths(record).console)))?.size ?? 0;
    if (size !== known) yield size;
    known = size;
    await sleep(LOOK_MS, signal).catch(() => undefined);
  }
}
