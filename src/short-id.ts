/** The short form of a session's id, for tables: the digits at its end, which differ where ids of one day do not. */
const SHORT_ID_DIGITS = 6;

/** The last six digits of an id; commands take them in its place. */
export function shortId(id: string): string {
  return id.slice(-SHORT_ID_DIGITS);
}
