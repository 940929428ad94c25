/** What a profile weakens of the containers of its sessions, for those who accept, record and warn. */
import type { Exception as RecordedException } from "../session-document.ts";
import type { Profile } from "./profile.ts";
import { exceptionEndMs, hardeningRule, type Weakening, weakenings } from "./rules/hardening.ts";

type Keys = Pick<
  Profile,
  "network" | "mounts" | "capAdd" | "devices" | "seccompProfile" | "readOnlyRoot" | "runtime" | "exceptions"
>;

/** What a profile weakens, each rule with its exception if there is one. */
export function weakened(profile: Keys): Weakening[] {
  const keys = {
    network: profile.network,
    mounts: profile.mounts.map(({ target, readOnly }) => ({ target, read_only: readOnly })),
    cap_add: profile.capAdd,
    devices: profile.devices,
    seccomp_profile: profile.seccompProfile,
    read_only_root: profile.readOnlyRoot,
    runtime: profile.runtime,
  };
  return weakenings(keys, profile.exceptions);
}

/** The same as a session's document has it. */
export function recordedExceptions(profile: Keys): RecordedException[] {
  return weakened(profile).map(({ rule, what, exception }) => ({
    rule: rule.code,
    name: rule.name,
    what: [...what],
    reason: exception?.reason ?? null,
    until: exception?.until ?? null,
  }));
}

/** Rules that only an exception allows, and whose exception does not hold any more. */
export function expired(profile: Keys, nowMs: number): Weakening[] {
  return weakened(profile).filter(
    ({ rule, exception }) => rule.without === "error" && isOver(exception, nowMs),
  );
}

/** What an operator should know, each a sentence without a full stop. */
export function hardeningWarnings(profile: Keys, nowMs: number): string[] {
  const found = weakened(profile);
  const missing = found
    .filter(({ rule, exception }) => exception === undefined && rule.without === "warning")
    .map(
      ({ rule, what }) =>
        `${rule.code} ${rule.name}: ${what.join(", ")} has no entry in exceptions, which would keep the reason in the record`,
    );
  const over = found
    .filter(({ exception }) => isOver(exception, nowMs))
    .map(({ rule, exception }) => {
      const effect = rule.without === "error" ? "its sessions are refused" : "it needs a new date";
      return `${rule.code} ${rule.name}: the exception has held until ${exception?.until}; ${effect}`;
    });
  const unused = profile.exceptions
    .map(({ allow }) => hardeningRule(allow))
    .filter((rule) => rule !== undefined && !found.some((each) => each.rule === rule))
    .map((rule) => `${rule?.code} ${rule?.name}: the exception allows what the profile does not use`);
  return [...missing, ...over, ...unused];
}

function isOver(exception: Weakening["exception"], nowMs: number): boolean {
  const end = exception === undefined ? undefined : exceptionEndMs(exception);
  return end !== undefined && nowMs >= end;
}
