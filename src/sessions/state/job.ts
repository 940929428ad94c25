import { join } from "node:path";
import { commandWith, REQUEST_WORD } from "../../input/command-words.ts";
import { MAX_INLINE_BYTES, MAX_REQUEST_BYTES, REQUEST_FILE } from "../../input/rules.ts";
import { readRegularFile } from "../../regular-file.ts";
import type { Job, JobInput } from "../port/executor.ts";
import type { OpenRecord } from "../port/ports.ts";
import type { SessionPlan } from "./plan.ts";

/** How long preparing may take from the start of a launch until the gate opens: one hour. */
export const PREPARATION_LIMIT_MS = 60 * 60 * 1000;

/** What an executor runs for a session. */
export function jobOf(plan: SessionPlan, record: OpenRecord): Job {
  const { profile, timeoutMs, pauseMaxMs = 0 } = plan;
  const { id, document, runaDirectory, consoleLogPath, egressPath, llmPath } = record;
  const input = inputOf(record);
  // Nobody pauses a session on another machine.
  const nodeMs = timeoutMs === undefined ? undefined : PREPARATION_LIMIT_MS + timeoutMs + profile.graceMs;
  return {
    sessionId: id,
    profile,
    repository: document.repo_url === null ? null : { url: document.repo_url, ref: document.ref },
    workUnit: document.work_unit,
    command: async () => {
      const { command } = profile;
      const request = command.includes(REQUEST_WORD) ? ((await input?.inlineRequest()) ?? null) : null;
      return commandWith(command, { request, workUnit: document.work_unit, ref: document.ref });
    },
    env: document.env,
    input,
    runaDirectory,
    consoleLogPath,
    egressPath,
    llmPath,
    longestMs: nodeMs === undefined ? undefined : nodeMs + pauseMaxMs,
    whole: () => {
      const { nodeDirectory, claimsPath } = record;
      return {
        document: record.document,
        plan,
        logLimitBytes: plan.logLimitBytes,
        ...{ nodeMs, nodeDirectory, claimsPath },
      };
    },
  };
}

/** What a session was given. The request stays in the record and is read when it is needed: many sessions may be queued, each with a long one. */
export function inputOf({
  document,
  inputDirectory,
}: Pick<OpenRecord, "document" | "inputDirectory">): JobInput | undefined {
  const { request_bytes: bytes, inputs } = document;
  if (bytes === null && inputs.length === 0) return undefined;
  return {
    directory: inputDirectory,
    hasRequest: bytes !== null,
    inlineRequest: async () => {
      if (bytes === null || bytes > MAX_INLINE_BYTES) return undefined;
      return (await readRegularFile(join(inputDirectory, REQUEST_FILE), MAX_REQUEST_BYTES)).toString("utf8");
    },
  };
}
