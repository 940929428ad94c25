/** What git takes for the name and the address of an author. */

const MOST_CHARACTERS = 200;
/** Git strips these from both ends of a name, and refuses a name that has nothing else. */
const STRIPPED = /^[\s.,:;<>"\\']*$/;

/** The rule that a name breaks, without a full stop; undefined when it breaks none. */
export function personFault(name: string): string | undefined {
  if (name.length > MOST_CHARACTERS) return `must not be longer than ${MOST_CHARACTERS} characters`;
  if (/[<>\p{Cc}]/u.test(name)) return "must not contain < or > or control characters";
  return STRIPPED.test(name) ? "must have a letter or a digit" : undefined;
}

/** As `personFault`, for an email address. */
export function addressFault(address: string): string | undefined {
  if (address.length > MOST_CHARACTERS) return `must not be longer than ${MOST_CHARACTERS} characters`;
  return /^[^\s<>"'@\p{C}]+@[^\s<>"'@\p{C}]+$/u.test(address)
    ? undefined
    : "must be an email address, such as bot@example.com";
}
