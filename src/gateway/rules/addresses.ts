/** Which addresses a name may resolve to: global unicast ones only, however they are wrapped. */
import ipaddr from "ipaddr.js";
import { canonicalAddress } from "./host-names.ts";

/** What ipaddr.js calls the ranges, in words. One that is missing here keeps its name. */
const RANGE_WORDS: Readonly<Record<string, string>> = {
  unspecified: "the unspecified address",
  broadcast: "a broadcast address",
  multicast: "a multicast address",
  linkLocal: "a link-local address",
  loopback: "a loopback address",
  carrierGradeNat: "an address of a provider's own network (100.64.0.0/10)",
  private: "a private address",
  uniqueLocal: "a private address",
  reserved: "a reserved address",
  rfc6052: "an IPv4 address behind NAT64",
  rfc6145: "an IPv4 address behind a translator",
  "6to4": "an IPv4 address behind 6to4",
  teredo: "an address behind Teredo",
  discard: "an address that discards",
};

/** Global unicast addresses of providers that answer with the host's own metadata. */
const METADATA: ReadonlySet<string> = new Set(["168.63.129.16"]);

/** Never a host, whatever the profile says: everything on a network, or this host by another name. */
const NEVER: ReadonlySet<string> = new Set(["unspecified", "broadcast", "multicast"]);

/** All of IPv6 that is global unicast so far. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");
/** For documentation, newer than what ipaddr.js knows. */
const DOCUMENTATION_IPV6 = ipaddr.IPv6.parseCIDR("3fff::/20");

/**
 * Why a session may not reach this address, as in "10.0.0.5 is …"; undefined when it may.
 *
 * @param own the host's own addresses, each as `canonicalAddress` writes it.
 */
export function addressFault(text: string, own: ReadonlySet<string>): string | undefined {
  const canonical = canonicalAddress(text);
  if (canonical === undefined) return "not an address";
  const address = ipaddr.parse(canonical);
  const range = address.range();
  if (range !== "unicast") return RANGE_WORDS[range] ?? `an address of the range ${range}`;
  if (address instanceof ipaddr.IPv6) {
    if (!address.match(GLOBAL_IPV6)) return "not a global address";
    if (address.match(DOCUMENTATION_IPV6)) return "a reserved address";
  }
  if (METADATA.has(canonical)) return "the metadata address of a provider";
  return own.has(canonical) ? "an address of the host itself" : undefined;
}

/** Why nobody may connect to this address, even where a rule makes an exception; undefined when one may. */
export function exceptionFault(text: string): string | undefined {
  const canonical = canonicalAddress(text);
  if (canonical === undefined) return "not an address";
  const range = ipaddr.parse(canonical).range();
  return NEVER.has(range) ? RANGE_WORDS[range] : undefined;
}
