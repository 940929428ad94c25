/** What an operator may not have meant with the entries of an `allow` that are accepted all the same. */
import ipaddr from "ipaddr.js";
import { addressFault } from "./addresses.ts";
import { type AllowEntry, type AllowRule, allowRules } from "./allow-entry.ts";

/** Top-level names that no public server has, besides names of one label. */
const PRIVATE_NAME = /(^[^.]+|\.(internal|local|lan|corp|home|intranet|home\.arpa))$/;

/**
 * Warnings about entries without a fault, each a sentence without a full stop.
 *
 * @throws Error for an entry with a fault.
 */
export function allowWarnings(entries: readonly AllowEntry[]): string[] {
  const rules = allowRules(entries);
  return rules.flatMap((rule, at) => {
    const entry = entries[at] ?? "";
    const said = [
      wideText(rule),
      ...(rule.kind === "address" ? addressTexts(rule, entry) : [privateText(rule)]),
      coveredText(rule, at, rules),
    ];
    return said.flatMap((text) => (text === undefined ? [] : [`"${rule.text}" ${text}`]));
  });
}

function wideText({ kind, host }: AllowRule): string | undefined {
  if (kind === "any") {
    return "opens every name, so a session can send what it reads to anyone; use it to learn what the agent needs, and then the line of `agentd egress --suggest`";
  }
  if (kind !== "suffix" || host.includes(".")) return undefined;
  return `opens every name below ${host}, whoever owns it`;
}

function addressTexts({ host }: AllowRule, entry: AllowEntry): (string | undefined)[] {
  const hasNoEffect = typeof entry !== "string" && entry.private === true;
  return [
    hasNoEffect ? "needs no private = true: an address is opened by naming it" : undefined,
    ownText(host),
  ];
}

function ownText(address: string): string | undefined {
  const range = ipaddr.parse(address).range();
  if (range === "loopback") return "opens a service of this host that listens on its loopback";
  const fault = addressFault(address, new Set());
  if (range !== "linkLocal" && fault !== "the metadata address of a provider") return undefined;
  return "opens an address at which clouds answer with the host's own credentials";
}

/** A name that resolves to private addresses is refused without an exception. */
function privateText({ kind, host, isPrivate }: AllowRule): string | undefined {
  if (isPrivate || kind === "any") return undefined;
  const table = (name: string): string => `{ host = "${name}", private = true }`;
  if (host === "localhost" || host.endsWith(".localhost"))
    return 'is never reached: it is this host\'s loopback; to open a service of this host, name its address, such as "127.0.0.1:8080"';
  if (kind !== "name" || !PRIVATE_NAME.test(host)) return undefined;
  return `looks like a name of a private network, and private addresses are refused; if it has one, write ${table(host)}`;
}

/** Of two equal entries, the second one has no effect. */
function coveredText(rule: AllowRule, at: number, rules: readonly AllowRule[]): string | undefined {
  const other = rules.find(
    (each, index) => index !== at && covers(each, rule) && (index < at || !covers(rule, each)),
  );
  if (other === undefined) return undefined;
  return other.text === rule.text
    ? "is there twice"
    : `has no effect beside "${other.text}", which opens it already`;
}

/** Whether the first opens all that the second does. */
function covers(wide: AllowRule, narrow: AllowRule): boolean {
  if (narrow.isPrivate && !wide.isPrivate) return false;
  if (!narrow.ports.every((port) => wide.ports.includes(port))) return false;
  if (wide.kind === narrow.kind && wide.host === narrow.host) return true;
  if (narrow.kind === "address") return false;
  if (wide.kind === "any") return true;
  return wide.kind === "suffix" && narrow.kind !== "any" && narrow.host.endsWith(`.${wide.host}`);
}
