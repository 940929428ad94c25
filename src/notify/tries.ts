/** When a message that did not arrive is sent again. */
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses after the first failures; the last one repeats. */
const PAUSES_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  24 * HOUR_MS,
] as const;
/** A pause is up to this much longer, so that not all come at once. */
const JITTER = 0.1;

const LONGEST_PAUSE_MS = 24 * HOUR_MS * (1 + JITTER);

/** So long a message is tried; then it is given up. */
export const MESSAGE_LIFE_MS = 7 * 24 * HOUR_MS;

/** Whether it is time for a try. One that is further away than any pause was planned before the clock was set back. */
export function isDue(nextMs: number, nowMs: number): boolean {
  return nextMs <= nowMs || nextMs - nowMs > LONGEST_PAUSE_MS;
}

/**
 * The pause after a failure, in milliseconds.
 *
 * @param tries how many have failed, from 1.
 * @param asked by the receiver, which is waited for up to a day; undefined: it did not ask.
 * @param random from 0 to 1.
 */
export function pauseAfter(tries: number, asked: number | undefined, random: number): number {
  const own = PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1] ?? 0;
  const pause = own * (1 + JITTER * random);
  return asked === undefined ? pause : Math.min(Math.max(pause, asked), 24 * HOUR_MS);
}
