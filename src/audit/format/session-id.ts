/**
 * Session ids: 16 lowercase hex digits whose order as text is their order in time.
 */

/** A source of random bytes, such as `node:crypto`'s. */
export type RandomBytes = (size: number) => Uint8Array;

const TIME_DIGITS = 11;
const RANDOM_DIGITS = 5;

/** The form of a session id, and of nothing else. */
export const SESSION_ID = /^[0-9a-f]{16}$/;

/** Makes an id of 44 bits of milliseconds since the epoch and 20 bits of randomness. */
export function newSessionId(nowMs: number, randomBytes: RandomBytes): string {
  const time = Math.floor(nowMs).toString(16).padStart(TIME_DIGITS, "0");
  const random = Buffer.from(randomBytes(3)).toString("hex").slice(0, RANDOM_DIGITS);
  return time + random;
}

/** When an id was made, in milliseconds since the epoch. */
export function sessionIdTime(id: string): number {
  return Number.parseInt(id.slice(0, TIME_DIGITS), 16);
}

/** The smallest id that can be made at an instant: ids that were made before it are smaller. */
export function firstIdAt(ms: number): string {
  return Math.max(0, Math.ceil(ms)).toString(16).padStart(TIME_DIGITS, "0");
}
