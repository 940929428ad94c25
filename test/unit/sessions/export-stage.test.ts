import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { NO_FAILPOINTS } from "../../../src/failpoints.ts";
import { exportStage, FULL_DISK_PATIENCE_MS } from "../../../src/sessions/end/export-stage.ts";
import type { SessionParts } from "../../../src/sessions/parts/session-parts.ts";
import type { Work } from "../../../src/work-fields.ts";

const WORK: Work = {
  head_commit: "a".repeat(40),
  commits: 2,
  files_changed: 3,
  insertions: 4,
  deletions: 5,
  uncommitted: 1,
  patch_bytes: 600,
};
const FULL = new Error("ENOSPC: no space left on device, write");

/** A session at its end, whose export answers with each of these in turn. */
function sessionWith(
  answers: readonly (Error | typeof WORK)[],
  started: string | null = "2026-01-01T12:00:00Z",
) {
  let now = 0;
  let attempts = 0;
  const leaving = new AbortController();
  const concluded: unknown[] = [];
  const parts = {
    host: {
      executor: {
        exportWork: async () => {
          const answer = answers[Math.min(attempts, answers.length - 1)];
          attempts += 1;
          if (answer instanceof Error) throw answer;
          return Promise.resolve({ work: answer, warnings: ["Some was left out."] });
        },
      },
      failpoints: NO_FAILPOINTS,
      clock: { monotonic: () => now },
    },
    record: { document: { start_timestamp: started }, workDirectory: "/record/work" },
    standing: { conclude: (...line: unknown[]) => Promise.resolve(concluded.push(line)) },
    job: {},
    leaving: leaving.signal,
    log: pino({ level: "silent" }),
  } as unknown as SessionParts;
  return {
    parts,
    leaving,
    concluded,
    attempts: () => attempts,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

describe("the export at a session's end", () => {
  it("is journaled with its numbers and warnings, and happens once", async () => {
    const { parts, concluded, attempts } = sessionWith([WORK]);
    const step = exportStage(parts, false);
    await step();
    await step();
    const warnings = ["Some was left out."];
    expect(concluded).toEqual([["exported", { ...WORK, warnings }, { work: WORK }]]);
    expect(attempts()).toBe(1);
  });

  it.each([
    ["an earlier daemon has seen to it", true, "2026-01-01T12:00:00Z"],
    ["the command never started", false, null],
  ])("does not happen when %s", async (_, wasDone, started) => {
    const { parts, attempts } = sessionWith([WORK], started);
    await exportStage(parts, wasDone)();
    expect(attempts()).toBe(0);
  });

  it("is a warning when it fails, and is not tried again", async () => {
    const { parts, concluded, attempts } = sessionWith([new Error("its base is missing.")]);
    const step = exportStage(parts, false);
    await step();
    await step();
    const warnings = ["The session's work was not exported: its base is missing."];
    expect(concluded).toEqual([["export_failed", { warnings }]]);
    expect(attempts()).toBe(1);
  });

  it("is tried again while a disk is full, as long as that may pass", async () => {
    const { parts, concluded, wait } = sessionWith([FULL, FULL, WORK]);
    const step = exportStage(parts, false);
    await expect(step()).rejects.toThrow("ENOSPC");
    wait(FULL_DISK_PATIENCE_MS - 1);
    await expect(step()).rejects.toThrow("ENOSPC");
    expect(concluded).toEqual([]);
    await step();
    expect(concluded).toMatchObject([["exported", WORK, { work: WORK }]]);
  });

  it("gives up on a disk that stays full, whose room its own files may take", async () => {
    const { parts, concluded, wait } = sessionWith([FULL]);
    const step = exportStage(parts, false);
    await expect(step()).rejects.toThrow("ENOSPC");
    wait(FULL_DISK_PATIENCE_MS);
    await step();
    expect(concluded).toMatchObject([["export_failed", { warnings: [expect.stringContaining("ENOSPC")] }]]);
  });

  it("is left to the next daemon when this one leaves", async () => {
    const { parts, concluded, leaving } = sessionWith([new Error("the worker was told to stop")]);
    const step = exportStage(parts, false);
    leaving.abort(new Error("leaving"));
    await expect(step()).rejects.toThrow("leaving");
    expect(concluded).toEqual([]);
  });
});
