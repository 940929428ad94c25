import type { KeptEntry, Reason } from "./kept-entry.ts";

/** An entry that is to be removed, and why. */
export type EntryToRemove = KeptEntry & { readonly reason: Reason };

/**
 * Which of the sessions that nobody looks into are to be removed: whose removal has begun, whose time is over, and then the
 * oldest until there is enough room.
 *
 * @param entries the oldest first.
 * @param now.excessBytes by how much all that are kept are over the limit; not above zero: they are not.
 */
export function toRemove(
  entries: readonly KeptEntry[],
  now: { readonly nowMs: number; readonly excessBytes: number },
): EntryToRemove[] {
  let { excessBytes } = now;
  return entries.flatMap((entry) => {
    const isOver = Date.parse(entry.until_timestamp) <= now.nowMs;
    const reason = entry.removing ?? (isOver ? "expired" : excessBytes > 0 ? "keep_max" : undefined);
    if (reason === undefined) return [];
    excessBytes -= entry.bytes;
    return [{ ...entry, reason }];
  });
}
