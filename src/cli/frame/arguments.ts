/**
 * Option values, from text to what they mean.
 */
import { AgentdError } from "../../errors.ts";
import { DURATION_RULE, durationMs, GRACE_RULE, graceMs, spanMs } from "../../profile/rules/durations.ts";

/** The largest number that a count option can take. */
export const MAX_COUNT = 999_999_999;

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;
const INSTANT_RULE =
  'it must be an age such as "30m", "6h", "1d" or "2w", or an RFC 3339 time such as "2026-01-02T03:04:05Z"';

const TIME_AHEAD_RULE =
  'it must be a span such as "30m", "6h", "1d" or "2w", or an RFC 3339 time such as "2026-01-02T03:04:05Z"';

/** The end of the year 9999: later times have no form of four digits. */
const MAX_INSTANT_MS = 253_402_300_799_999;

/** What a count may be. */
interface CountBounds {
  /** Default 1. */
  readonly min?: number | undefined;
  readonly max: number;
}

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
export function countOption(option: string, text: string, { min = 1, max }: CountBounds): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (count >= min && count <= max) return count;
  throw invalid(option, text, `it must be a whole number from ${min} to ${max}`);
}

/**
 * Numbers of bytes of a session's streams: one, of the stream that is named or else of stdout, or two.
 *
 * @throws AgentdError `usage`.
 */
export function bytesOption(
  option: string,
  text: string | undefined,
  stream: "stdout" | "stderr" | undefined,
): { readonly stdout: number; readonly stderr: number } {
  const [, first, second] = /^(\d{1,13})(?:,(\d{1,13}))?$/.exec(text ?? "0") ?? [];
  if (first === undefined || (second !== undefined && stream !== undefined)) {
    const rule = stream === undefined ? "bytes of stdout and stderr, such as 1200,30" : "bytes, such as 1200";
    throw invalid(option, text ?? "", `it must be a number of ${rule}`);
  }
  if (stream === "stderr") return { stdout: 0, stderr: Number(first) };
  return { stdout: Number(first), stderr: Number(second ?? 0) };
}

/**
 * An instant in milliseconds since 1970: RFC 3339, or how long ago.
 *
 * @throws AgentdError `usage`.
 */
export function instantOption(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const agoMs = spanMs(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const instant = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw invalid(option, text, INSTANT_RULE);
}

/**
 * An instant to come, in milliseconds since 1970: RFC 3339, or in how long.
 *
 * @throws AgentdError `usage`.
 */
export function timeAheadOption(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const aheadMs = spanMs(text);
  const instant =
    aheadMs === undefined ? (RFC_3339.test(text) ? Date.parse(text) : Number.NaN) : nowMs + aheadMs;
  if (Number.isNaN(instant) || instant > MAX_INSTANT_MS) throw invalid(option, text, TIME_AHEAD_RULE);
  if (instant > nowMs) return instant;
  throw invalid(option, text, "it is over");
}

/** For options that may be given several times: adds one more value. */
export function collectOption(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/**
 * Variables from `NAME=VALUE`; undefined without any.
 *
 * @throws AgentdError `usage`: a value is never taken from the environment of the command.
 */
export function envOption(pairs: readonly string[] | undefined): Record<string, string> | undefined {
  if (pairs === undefined) return undefined;
  const env = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    // Without the text: whoever has mistaken the form may have put a secret there.
    if (at <= 0) {
      throw new AgentdError("usage", {
        tried: "understand --env",
        why: "it takes NAME=VALUE, and no value from your own environment",
        next: "Write the value out, or use a credential of the profile for a secret.",
      });
    }
    const name = pair.slice(0, at);
    if (env.has(name)) {
      throw new AgentdError("usage", {
        tried: "understand --env",
        why: `the variable ${name} is given twice`,
      });
    }
    env.set(name, pair.slice(at + 1));
  }
  return Object.fromEntries(env);
}

function invalid(option: string, text: string, rule: string): AgentdError {
  return new AgentdError("usage", { tried: `use ${JSON.stringify(text)} for ${option}`, why: rule });
}
