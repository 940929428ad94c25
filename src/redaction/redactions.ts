/** The list of what was replaced in a sealed console log. */
import { readFile } from "node:fs/promises";
import { ifThere } from "../if-there.ts";

/** `agentd/console.redactions.json` of a record; missing where nothing was replaced. */
export interface Redactions {
  readonly version: 1;
  /** How many values were replaced. */
  readonly values: number;
  /** Size of the log as it was written. */
  readonly original_bytes: number;
  /** Size of the log now. */
  readonly bytes: number;
  /** SHA-256 of the log now. */
  readonly sha256: string;
  /** Offset in the original, bytes there, bytes in their place; in the order of the file. */
  readonly replaced: readonly (readonly [number, number, number])[];
}

/** @param log path of the console log. */
export function redactionsPath(log: string): string {
  return log.replace(/\.log$/, ".redactions.json");
}

/** Undefined where nothing was replaced. @param log path of the console log. */
export async function readRedactions(log: string): Promise<Redactions | undefined> {
  const text = await ifThere(readFile(redactionsPath(log), "utf8"));
  return text === undefined ? undefined : (JSON.parse(text) as Redactions);
}

/** Where in the new log an offset of the original is; for one within a value, where the value's name begins. */
export function placeOf(originalOffset: number, { replaced }: Pick<Redactions, "replaced">): number {
  let moved = 0;
  for (const [offset, bytes, by] of replaced) {
    if (offset + bytes > originalOffset) return Math.min(originalOffset, offset) + moved;
    moved += by - bytes;
  }
  return originalOffset + moved;
}
