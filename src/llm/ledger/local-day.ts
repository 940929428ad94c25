/** The day that a clock on the wall shows. */

/**
 * Makes the function that names a day, as `2026-01-31`.
 *
 * @param timeZone an IANA name. Default: this process's own.
 * @throws RangeError for a name that is none.
 */
export function localDay(timeZone?: string): (epochMs: number) => string {
  // Its form is the one of ISO 8601.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  return (epochMs) => format.format(epochMs);
}
