import type { Job } from "../port/executor.ts";
import type { OpenRecord } from "../port/ports.ts";
import type { SessionPlan } from "./plan.ts";

/** How long preparing may take from the start of a launch until the gate opens: one hour. */
export const PREPARATION_LIMIT_MS = 60 * 60 * 1000;

/** What an executor runs for a session. */
export function jobOf(
  { profile, timeoutMs }: SessionPlan,
  { id, document, runaDirectory, consoleLogPath }: OpenRecord,
): Job {
  return {
    sessionId: id,
    profile,
    repository: document.repo_url === null ? null : { url: document.repo_url, ref: document.ref },
    workUnit: document.work_unit,
    runaDirectory,
    consoleLogPath,
    longestMs: timeoutMs === undefined ? undefined : PREPARATION_LIMIT_MS + timeoutMs + profile.graceMs,
  };
}
