/** The work of a session, ready to be published to a server of the test's own. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type PublishResult, type PublishTools, publishWork } from "../../../src/publish/publish.ts";
import type { Publication, PublishSettings, PushedBranch } from "../../../src/publish/settings.ts";
import { readBase } from "../../../src/work/base/base.ts";
import { CHECKED_REPOSITORY } from "../../../src/work/export-work.ts";
import type { WorkSummary } from "../../../src/work/summary.ts";
import type { SessionWork } from "../work/session-work.ts";

export const SETTINGS: PublishSettings = {
  branch: "agentd/{profile}/{work_unit}",
  on: ["success"],
  commitRest: true,
  allowCi: false,
  protect: [],
};

export interface Attempt {
  readonly url: string;
  readonly settings?: Partial<PublishSettings>;
  readonly workUnit?: string | null;
  readonly token?: string;
  readonly ref?: string | null;
  readonly environment?: PublishTools["environment"];
  readonly pushed?: PushedBranch;
  readonly signal?: AbortSignal;
  readonly sleep?: PublishTools["sleep"];
  readonly findValues?: PublishTools["findValues"];
  /** Gets the name of each step, and may throw. */
  readonly onStep?: (step: "pushing" | "pushed") => void;
}

/** Publishes what the last export of `work` has left. */
export async function publish(work: SessionWork, attempt: Attempt): Promise<PublishResult> {
  const summary = JSON.parse(await readFile(join(work.out, "summary.json"), "utf8")) as WorkSummary;
  const publication: Publication = {
    settings: { ...SETTINGS, ...attempt.settings },
    session: {
      sessionId: "e812345678901234",
      profile: "builder",
      workUnit: attempt.workUnit === undefined ? "issue-42" : attempt.workUnit,
      repository: { url: attempt.url, ref: attempt.ref ?? null },
      startTimestamp: "2026-11-28T02:00:00.000Z",
      endTimestamp: "2026-11-28T02:10:00.000Z",
    },
    work: {
      directory: join(work.scratch, CHECKED_REPOSITORY),
      scratch: work.scratch,
      known: [...readBase(work.baseDirectory).refs.ids.values()],
      summary,
      summaryDigest: "1".repeat(64),
    },
    author: { name: "builder", email: "builder@host.agentd.invalid" },
    token: attempt.token === undefined ? undefined : { source: "PUBLISH_TOKEN", value: attempt.token },
    pushed: attempt.pushed,
  };
  return await publishWork(
    publication,
    {
      environment: { PATH: process.env["PATH"], ...attempt.environment },
      now: () => Date.now(),
      version: "0.0.0",
      signal: attempt.signal ?? new AbortController().signal,
      sleep: attempt.sleep,
      findValues: attempt.findValues,
    },
    {
      pushing: async () => attempt.onStep?.("pushing"),
      pushed: async () => attempt.onStep?.("pushed"),
    },
  );
}
