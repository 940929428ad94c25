/** The entries of a profile's `allow`: what each opens, and what is wrong with it. */
import * as z from "zod";
import { exceptionFault } from "./addresses.ts";
import { canonicalHost } from "./host-names.ts";

/** An entry as it is written: `"github.com:443"`, or a table for a host at a private address. */
export type AllowEntry = string | { readonly host: string; readonly private?: boolean | undefined };

/** The form of an entry, for schemas; `allowEntryFault` checks the rest. */
export const allowEntrySchema = z.union(
  [z.string(), z.strictObject({ host: z.string(), private: z.boolean().optional() })],
  'must be a host, such as "github.com", or a table with host and private',
);

/** What an entry opens. */
export interface AllowRule {
  /** The entry's host as it is written, for the record. */
  readonly text: string;
  /** `any`: every name. `suffix`: every name below `host`. */
  readonly kind: "any" | "suffix" | "name" | "address";
  /** As `canonicalHost` writes it; empty for `any`. */
  readonly host: string;
  readonly ports: readonly number[];
  /** Whether names may resolve to private addresses. */
  readonly isPrivate: boolean;
}

/** The ports of an entry that names none. */
export const DEFAULT_PORTS: readonly number[] = [443, 80];

const FORM =
  'must be a host with or without a port, such as "github.com", "github.com:443", "*.example.org" or "10.0.0.5:8080"';

/** The rule that an entry breaks, without a full stop; undefined when it is fine. */
export function allowEntryFault(entry: AllowEntry): string | undefined {
  const parsed = parse(entry);
  return typeof parsed === "string" ? parsed : undefined;
}

/**
 * The rules of entries, in their order.
 *
 * @throws Error for an entry with a fault.
 */
export function allowRules(entries: readonly AllowEntry[]): AllowRule[] {
  return entries.map((entry) => {
    const parsed = parse(entry);
    if (typeof parsed === "string") throw new Error(`${JSON.stringify(entry)}: ${parsed}`);
    return parsed;
  });
}

function parse(entry: AllowEntry): AllowRule | string {
  const text = typeof entry === "string" ? entry : entry.host;
  const isPrivate = typeof entry !== "string" && entry.private === true;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return `${FORM}; leave out the scheme`;
  if (/^[^/]+\/\d+$/.test(text)) return `${FORM}; ranges of addresses are not accepted`;
  const [, hostText = "", portText] = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(text) ?? [];
  if (hostText === "") return text.includes(":") && !text.startsWith(":") ? ipv6Fault(text) : FORM;
  const ports = portText === undefined ? DEFAULT_PORTS : portsOf(portText);
  if (ports === undefined) return "the port must be a whole number from 1 to 65535";
  const place = placeOf(hostText);
  if (typeof place === "string") return place;
  if (isPrivate && place.kind === "any") {
    return "private = true needs a host: with * it would open this host and its whole network";
  }
  return { text, ...place, ports, isPrivate };
}

function ipv6Fault(text: string): string {
  return canonicalHost(`[${text}]`) === undefined ? FORM : `an IPv6 address needs brackets: "[${text}]"`;
}

function portsOf(text: string): number[] | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
  return port !== undefined && port <= 65_535 ? [port] : undefined;
}

function placeOf(text: string): Pick<AllowRule, "kind" | "host"> | string {
  if (text === "*") return { kind: "any", host: "" };
  const isSuffix = text.startsWith("*.");
  const rest = isSuffix ? text.slice("*.".length) : text;
  if (rest.includes("*")) return 'a * stands only at the beginning, as in "*.example.org", or alone';
  const found = canonicalHost(rest);
  if (found === undefined) return FORM;
  if (found.kind === "name") return { kind: isSuffix ? "suffix" : "name", host: found.host };
  if (isSuffix) return "a * cannot stand before an address";
  if (found.host !== rest.replace(/^\[(.*)\]$/, "$1").toLowerCase())
    return `write this address as "${found.host}"`;
  const fault = exceptionFault(found.host);
  return fault === undefined ? found : `${found.host} is ${fault}`;
}
