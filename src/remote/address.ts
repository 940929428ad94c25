/** Addresses of hosts: `ssh://[USER@]HOST[:PORT]`, as ssh itself takes them, and `https://HOST[:PORT]`. */

/** No leading `-`, which ssh would take for an option, and nothing that a shell could read otherwise. */
const ADDRESS = /^ssh:\/\/(?:\w[\w.+-]*@)?(?:\w[\w.-]*|\[[\da-f:.]+\])(?::\d{1,5})?\/?$/i;

/** What an address has to look like, as an end of a sentence. */
export const ADDRESS_RULE =
  "it must be ssh://[USER@]HOST[:PORT], where HOST may be a name of your ssh configuration, or https://HOST[:PORT] of agentd web; no password and no path";

/** Of `agentd web`, which is asked by HTTP: with TLS, because a token goes with each request. */
const WEB_ADDRESS = /^https:\/\/(?:[a-z0-9][a-z0-9.-]*|\[[\da-f:.]+\])(?::\d{1,5})?\/?$/i;

/** The address of a host; undefined where it is none. */
export function readAddress(text: string): string | undefined {
  return ADDRESS.test(text) || WEB_ADDRESS.test(text) ? text.replace(/\/$/, "") : undefined;
}
