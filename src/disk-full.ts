import { sentence } from "./errors.ts";

/** Node's codes, and what programs say: of a disk, and of a user's share of it. */
const FULL = /\b(?:ENOSPC|EDQUOT)\b|(?:No space left on device|Disk quota exceeded)/;

/** Whether an error says that a disk is full, also one of another thread or program, of which only its text is left. */
export function saysDiskFull(error: unknown): boolean {
  return FULL.test(sentence(error));
}
