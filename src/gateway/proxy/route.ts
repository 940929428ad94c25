/** From a target to a connection: the order of its checks. */
import type { Socket } from "node:net";
import type { AllowRule } from "../rules/allow-entry.ts";
import { checkAddresses, ruleFor } from "../rules/policy.ts";
import { type Target, targetText } from "../rules/target.ts";
import { dial } from "./dial.ts";
import type { ProxyLimits } from "./proxy-limits.ts";
import { denied, failed, type Refusal } from "./refusal.ts";
import type { BoundedResolver } from "./resolver.ts";

/** What the operator has decided about a session. */
export interface Policy {
  /** The profile's name, for messages. */
  readonly profile: string;
  readonly rules: readonly AllowRule[];
}

export interface RouteOptions {
  readonly policy: Policy;
  readonly resolver: BoundedResolver;
  /** The host's own addresses, as of now. */
  readonly ownAddresses: () => ReadonlySet<string>;
  readonly limits: ProxyLimits;
  readonly signal: AbortSignal;
}

/** A connection to a server. */
export interface Route {
  readonly socket: Socket;
  readonly address: string;
  readonly rule: AllowRule;
}

/** Checks a target and connects to it: allowlist, one resolution, every address, and only then the connection. */
export async function route(target: Target, options: RouteOptions): Promise<Route | Refusal> {
  const { policy, resolver, ownAddresses, limits, signal } = options;
  const rule = ruleFor(target, policy.rules);
  if (rule === undefined) return notAllowed(target, policy);
  const resolved =
    target.kind === "address"
      ? ({ kind: "found", addresses: [target.host] } as const)
      : await resolver.resolve(target.host, signal);
  if (resolved.kind === "failed") return failed("resolve", resolved.why, resolved.isLate ? 504 : 502);
  const checked = checkAddresses(resolved.addresses, rule, ownAddresses());
  if ("fault" in checked) return badAddress(target, checked.fault, policy);
  const dialled = await dial(checked.addresses, target.port, { limitMs: limits.connectMs, signal });
  if (dialled.kind === "failed") return failed("connect", dialled.why, dialled.isLate ? 504 : 502);
  return { ...dialled, rule };
}

function notAllowed(target: Target, { profile }: Policy): Refusal {
  const what = target.kind === "address" ? "address and port" : "host and port";
  return denied(
    "allow",
    `no entry of "allow" opens this ${what}`,
    `To allow it, add "${targetText(target)}" to "allow" of the profile "${profile}".`,
  );
}

function badAddress(target: Target, fault: string, { profile }: Policy): Refusal {
  return denied(
    "address",
    `its address ${fault}`,
    `To allow it, add { host = "${targetText(target)}", private = true } to "allow" of the profile "${profile}".`,
  );
}
