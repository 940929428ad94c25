/**
 * Option values, from text to what they mean.
 */
import { DURATION_RULE, durationMs, GRACE_RULE, graceMs } from "../config/durations.ts";
import { AgentdError } from "../errors.ts";

/** @throws AgentdError `usage`. */
export function durationOption(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw invalid(option, text, DURATION_RULE);
}

/** As `durationOption`, and "0s" is one too. @throws AgentdError `usage`. */
export function graceOption(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = graceMs(text);
  if (ms !== undefined) return ms;
  throw invalid(option, text, GRACE_RULE);
}

/** @throws AgentdError `usage`. */
export function countOption(option: string, text: string, max: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw invalid(option, text, `it is a whole number from 1 to ${max}`);
}

function invalid(option: string, text: string, rule: string): AgentdError {
  return new AgentdError("usage", { tried: `use ${JSON.stringify(text)} for ${option}`, why: rule });
}
