/** Addresses of hosts: `ssh://[USER@]HOST[:PORT]`, as ssh itself takes them. */

/** No leading `-`, which ssh would take for an option, and nothing that a shell could read otherwise. */
const ADDRESS = /^ssh:\/\/(?:\w[\w.+-]*@)?(?:\w[\w.-]*|\[[\da-f:.]+\])(?::\d{1,5})?\/?$/i;

/** What an address has to look like, as an end of a sentence. */
export const ADDRESS_RULE =
  "it must be ssh://[USER@]HOST[:PORT], where HOST may be a name of your ssh configuration; no password and no path";

/** The address as ssh is given it; undefined where it is none. */
export function readAddress(text: string): string | undefined {
  return ADDRESS.test(text) ? text.replace(/\/$/, "") : undefined;
}
