/**
 * Runs many checks at once, each with a time limit.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AgentdError } from "../../errors.ts";
import { failure, type Finding } from "../../finding.ts";
import type { Check, CheckResult, NamedLook } from "./check.ts";

/** Covers three programs of the host that hang, one after the other. */
const LIMIT_MS = 40_000;

/** The results, in the order of the checks. Never rejects: an error of a check becomes a finding. */
export async function runChecks(checks: readonly Check[]): Promise<CheckResult[]> {
  return (await Promise.all(checks.map(runCheck))).flat();
}

async function runCheck(check: Check): Promise<CheckResult[]> {
  const found = await look(check);
  if (found === undefined) return [];
  const findings: readonly NamedLook[] = "status" in found ? [found] : found;
  const { group, profile = null } = check;
  return findings.map(({ name = check.name, status, summary, fix }) => {
    return { name, group, profile, status, summary, fix };
  });
}

async function look({ look, limitMs = LIMIT_MS }: Check): ReturnType<Check["look"]> {
  const over = new AbortController();
  const late = delay(limitMs, undefined, { signal: over.signal }).then(
    () => hung(limitMs),
    () => undefined, // The look was in time.
  );
  try {
    return await Promise.race([look(over.signal), late]);
  } catch (error) {
    return findingOf(error);
  } finally {
    over.abort();
  }
}

function hung(limitMs: number): Finding {
  return failure(
    `there was no answer within ${limitMs / 1000} s`,
    "find what hangs, such as a network mount whose server is gone: mount, ps -eo stat,pid,args",
  );
}

/** The finding for an error that a session would end with. */
export function findingOf(error: unknown): Finding {
  if (!(error instanceof AgentdError)) {
    return failure(
      error instanceof Error ? error.message : String(error),
      "agentd --version   # report this",
    );
  }
  return failure(error.message, error.next ?? "agentd --help");
}
