/** Hosts in the one form in which they are compared: as WHATWG `URL` writes them. */
import ipaddr from "ipaddr.js";

/** A host by name. */
export interface NamedHost {
  readonly kind: "name";
  /** Lower case, punycode, without brackets or a final dot. */
  readonly host: string;
}

/** A host by address. */
export interface AddressHost {
  readonly kind: "address";
  /** As `canonicalAddress` writes it. */
  readonly host: string;
}

export type CanonicalHost = NamedHost | AddressHost;

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const LONGEST_NAME = 253;

/**
 * The host that a client means, however it wrote it: `0x7f.1`, `2130706433` and full-width digits are 127.0.0.1.
 *
 * @param text without a port; an IPv6 address in brackets.
 * @returns undefined when it is no host.
 */
export function canonicalHost(text: string): CanonicalHost | undefined {
  const written = hostnameOf(text);
  if (written === undefined) return undefined;
  const bare = written.startsWith("[") ? written.slice(1, -1) : written;
  const address = canonicalAddress(bare);
  if (address !== undefined) return { kind: "address", host: address };
  const isName = bare.length <= LONGEST_NAME && bare.split(".").every((label) => LABEL.test(label));
  return isName ? { kind: "name", host: bare } : undefined;
}

/** An address in its one form, an IPv4 address mapped into IPv6 as IPv4; undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  // ipaddr.js also takes octal, hexadecimal and short forms; here URL has resolved those.
  const isPlain =
    ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(":") && ipaddr.IPv6.isValid(text));
  // A zone, as in fe80::1%eth0, names an interface of this host.
  return isPlain && !text.includes("%") ? ipaddr.process(text).toString() : undefined;
}

function hostnameOf(text: string): string | undefined {
  // What URL would drop, decode, or take for the end of the host.
  if (text === "" || /[\p{Cc}\s%@/?#\\]/u.test(text)) return undefined;
  try {
    const { hostname, port, pathname, username } = new URL(`http://${text}`);
    return port === "" && pathname === "/" && username === "" && hostname !== "" ? hostname : undefined;
  } catch {
    return undefined; // A TypeError: no host.
  }
}
