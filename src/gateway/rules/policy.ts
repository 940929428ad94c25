/** What the allowlist of a profile says about a target and its addresses. */
import { addressFault, exceptionFault } from "./addresses.ts";
import type { AllowRule } from "./allow-entry.ts";
import { canonicalAddress } from "./host-names.ts";
import type { Target } from "./target.ts";

/**
 * The rule that opens a target; undefined when none does. Asked before any name is resolved. Of several, the one that
 * allows most: an exception for private addresses before one without.
 */
export function ruleFor(target: Target, rules: readonly AllowRule[]): AllowRule | undefined {
  const matching = rules.filter((rule) => rule.ports.includes(target.port) && matches(target, rule));
  return matching.find((rule) => rule.isPrivate) ?? matching[0];
}

function matches(target: Target, { kind, host }: AllowRule): boolean {
  if (target.kind === "address") return kind === "address" && target.host === host;
  if (kind === "any") return true;
  return kind === "suffix" ? target.host.endsWith(`.${host}`) : kind === "name" && target.host === host;
}

/** The addresses that a connection may go to, or why there is none. */
export type AddressCheck = { readonly addresses: readonly string[] } | { readonly fault: string };

/**
 * Checks every address that a target has. One that is refused refuses all: which of them a client would have got is
 * chance.
 *
 * @param own the host's own addresses.
 */
export function checkAddresses(
  resolved: readonly string[],
  rule: AllowRule,
  own: ReadonlySet<string>,
): AddressCheck {
  const isException = rule.kind === "address" || rule.isPrivate;
  const addresses: string[] = [];
  for (const text of resolved) {
    const fault = isException ? exceptionFault(text) : addressFault(text, own);
    if (fault !== undefined) return { fault: `${text} is ${fault}` };
    addresses.push(canonicalAddress(text) ?? text);
  }
  return addresses.length === 0 ? { fault: "it has no address" } : { addresses: [...new Set(addresses)] };
}
