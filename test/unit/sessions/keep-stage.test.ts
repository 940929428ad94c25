import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { NO_FAILPOINTS } from "../../../src/failpoints.ts";
import type { Outcome } from "../../../src/outcome.ts";
import { keepStage } from "../../../src/sessions/end/keep-stage.ts";
import type { SessionParts } from "../../../src/sessions/parts/session-parts.ts";
import { type KeepTrail, NOTHING_KEPT } from "../../../src/sessions/state/beginning.ts";

const UNTIL = "2026-01-02T12:00:00.000Z";

/** A session at its end. */
function stageOf({
  keep = "on-failure",
  outcome = "work_failed",
  started = "2026-01-01T12:00:00.000Z",
  isThere = true,
  failure,
  trail = NOTHING_KEPT,
}: {
  readonly keep?: "never" | "on-failure" | "always";
  readonly outcome?: Outcome;
  readonly started?: string | null;
  readonly isThere?: boolean;
  readonly failure?: Error;
  readonly trail?: KeepTrail;
}) {
  const done: unknown[] = [];
  const parts = {
    host: {
      executor: {
        kept: {
          hasEnded: () => Promise.resolve(isThere),
          keep: () => (failure === undefined ? Promise.resolve(4096) : Promise.reject(failure)),
        },
      },
      keeping: {
        add: ({ bytes }: { bytes: number }) => {
          done.push(["listed", bytes]);
          return Promise.resolve(UNTIL);
        },
        drop: () => Promise.resolve(done.push(["dropped"])),
      },
      failpoints: NO_FAILPOINTS,
    },
    record: { document: { start_timestamp: started }, directory: "/record" },
    standing: {
      conclude: (event: string, details: object) => Promise.resolve(done.push([event, details])),
    },
    job: { sessionId: "s", profile: { keep }, runaDirectory: "/record/runa", input: undefined },
    leaving: new AbortController().signal,
    log: pino({ level: "silent" }),
  } as unknown as SessionParts;
  return { done, stage: keepStage(parts, outcome, trail) };
}

describe("the step that keeps a session", () => {
  it.each([
    ["never", "work_failed", false],
    ["on-failure", "work_failed", true],
    ["on-failure", "timed_out", true],
    ["on-failure", "success", false],
    ["on-failure", "cancelled", false],
    ["always", "success", true],
    ["always", "cancelled", true],
    // Nobody saw its end: something of it may still run.
    ["always", "interrupted", false],
  ] as const)("with keep = %s and the outcome %s is wanted: %s", async (keep, outcome, isWanted) => {
    expect(await stageOf({ keep, outcome }).stage.isWanted()).toBe(isWanted);
  });

  it("is not wanted where the command never started, or its container is gone", async () => {
    expect(await stageOf({ keep: "always", started: null }).stage.isWanted()).toBe(false);
    const gone = stageOf({ isThere: false });
    expect(await gone.stage.isWanted()).toBe(false);
    expect(gone.done).toEqual([["dropped"]]);
  });

  it("lists the session before the journal says so, once", async () => {
    const { stage, done } = stageOf({});
    expect([await stage.keep(), await stage.keep(), await stage.isWanted()]).toEqual([true, true, true]);
    expect(done).toEqual([
      ["listed", 4096],
      ["kept", { until_timestamp: UNTIL, bytes: 4096, warnings: [] }],
    ]);
  });

  it("is a warning when it fails, and takes the session off the list", async () => {
    const failure = new AgentdError("directory_invalid", { tried: "copy .runa", why: "the disk is full" });
    const { stage, done } = stageOf({ failure });
    expect([await stage.keep(), await stage.isWanted()]).toEqual([false, false]);
    expect(done).toEqual([
      ["dropped"],
      ["keep_failed", { warnings: ["The session is not kept: the disk is full."] }],
    ]);
  });

  it("is not done again by the next daemon", async () => {
    const { stage, done } = stageOf({ trail: { isDone: true, isKept: true }, isThere: false });
    expect([await stage.isWanted(), await stage.keep()]).toEqual([true, true]);
    expect(done).toEqual([]);
  });
});
