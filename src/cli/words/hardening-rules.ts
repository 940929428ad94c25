/** Rules of hardening as a person reads them. */
import { AgentdError } from "../../errors.ts";
import type { HardeningRule } from "../../profile/rules/hardening.ts";
import { renderFacts } from "./facts.ts";

/** The rule with this code or name. @throws AgentdError `usage` when there is none. */
export async function namedRule(wanted: string): Promise<HardeningRule> {
  const { hardeningRule, HARDENING_RULES } = await import("../../profile/rules/hardening.ts");
  const rule = hardeningRule(wanted);
  if (rule !== undefined) return rule;
  throw new AgentdError("usage", {
    tried: `explain the rule ${JSON.stringify(wanted)}`,
    why: "there is no such rule of hardening",
    next: `Name one of ${HARDENING_RULES.map(({ code, name }) => `${code} ${name}`).join(", ")}.`,
  });
}

/** What a rule is about, in several lines. */
export function ruleText({ code, name, title, key, without, explanation }: HardeningRule): string {
  const facts = renderFacts(`${code} ${name}: ${title}`, [
    ["key", key],
    ["without an exception", without === "error" ? "the configuration is refused" : "a warning"],
    ["allow it with", `[[profiles.exceptions]] allow = "${code}", reason = "..."`],
  ]);
  return `${facts}\n\n${explanation}`;
}
