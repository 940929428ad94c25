/** Which time zones a schedule may be in: those of the IANA database, as this Node knows them. */
import { closest } from "fastest-levenshtein";

/** The rule that a zone's name breaks, without a full stop; undefined when the zone is known. */
export function timeZoneFault(name: string): string | undefined {
  // Newer versions of Node take offsets such as +01:00 too, which have no rules for summer time.
  if (/^[A-Za-z]/.test(name) && isKnown(name)) return undefined;
  const nearest = closest(name, Intl.supportedValuesOf("timeZone"));
  return `must be a time zone of the IANA database; did you mean ${JSON.stringify(nearest)}?`;
}

function isKnown(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false; // A RangeError: the zone is unknown.
  }
}
