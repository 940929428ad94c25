/** Durations as they are written in the configuration and on the command line: "90s", "30m", "6h", "1d", "2w". */

const MS_OF_UNIT = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** What a duration is, in words for an error message. */
export const DURATION_RULE =
  'a duration is a whole number and a unit, such as "90s", "30m", "6h", "1d" or "2w", from 1s to 24d';

/** 24 days: Node's timers take no more than 2^31 - 1 milliseconds. */
export const MAX_DURATION_MS = 24 * MS_OF_UNIT.d;

/** The milliseconds of a duration; undefined when the text is not one. */
export function durationMs(text: string): number | undefined {
  const ms = spanMs(text);
  return ms !== undefined && ms > 0 && ms <= MAX_DURATION_MS ? ms : undefined;
}

/** The milliseconds of a span that is written like a duration, without bounds; undefined when the text is none. */
export function spanMs(text: string): number | undefined {
  const parts = /^(\d{1,9})([smhdw])$/.exec(text);
  if (parts === null) return undefined;
  return Number(parts[1]) * MS_OF_UNIT[parts[2] as keyof typeof MS_OF_UNIT];
}

/** What an age is, in words for an error message. */
export const AGE_RULE = 'an age is a whole number and a unit, such as "12h", "30d" or "52w", and at least 1s';

/** The milliseconds of an age, up to which something is kept: no timer waits for it. Undefined when the text is none. */
export function ageMs(text: string): number | undefined {
  const ms = spanMs(text);
  return ms === 0 ? undefined : ms;
}

/** What a grace is, in words for an error message. */
export const GRACE_RULE = `${DURATION_RULE}, or "0s" for none`;

/** The milliseconds of the time between SIGTERM and SIGKILL: a duration, or "0s"; undefined when it is neither. */
export function graceMs(text: string): number | undefined {
  return text === "0s" ? 0 : durationMs(text);
}
