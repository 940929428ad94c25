/** Spans of time in words for people; programs get RFC 3339 in JSON. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Shorter spans are told in milliseconds. */
const SHORTEST_TENTH_MS = 100;

/** A span in at most two units: `42 ms`, `0.3 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export function spanText(spanMs: number): string {
  const ms = Math.max(0, spanMs);
  if (ms < SHORTEST_TENTH_MS) return `${Math.floor(ms)} ms`;
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return twoUnits(ms, MINUTE_MS, "min", SECOND_MS, "s");
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, "h", MINUTE_MS, "min");
  return twoUnits(ms, DAY_MS, "d", HOUR_MS, "h");
}

/** A span in its largest unit, for a column of ages: `5 s`, `3 min`, `2 h`, `4 d`. */
export function ageText(spanMs: number): string {
  const ms = Math.max(0, spanMs);
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** How long ago an instant was, such as `3 min ago`. */
export function agoText(timestamp: string, nowMs: number): string {
  return `${ageText(nowMs - Date.parse(timestamp))} ago`;
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const whole = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}
