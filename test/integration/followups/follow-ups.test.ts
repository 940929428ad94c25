/** What is owed to sessions, on a real disk: by daemons that die at every step and one that comes after them. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { type Before, FollowUps } from "../../../src/followups/follow-ups.ts";
import type { FollowUp } from "../../../src/followups/follow-ups-of.ts";
import { createLogger } from "../../../src/log.ts";
import type { EndedSession } from "../../../src/sessions/port/follow-ups.ts";
import { until } from "../../kit/until.mjs";

const ID = "0198f2a4c6e81234";
const END = Date.parse("2026-01-02T03:04:05.000Z");

let state: string;
let record: string;
let nowMs: number;
let isSealed: boolean;
/** Accepted sessions by what makes their request id, as the intake remembers them. */
let accepted: Map<string, FollowUp>;
let refuse: AgentdError | undefined;
const daemons: FollowUps[] = [];

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "agentd-followups-"));
  record = join(state, "record");
  await mkdir(record);
  [nowMs, isSealed, accepted, refuse] = [END, true, new Map<string, FollowUp>(), undefined];
});
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.close();
  await rm(state, { recursive: true });
});

/** @param dieAt the label at which it stops for ever, as a killed one does. */
function daemon({ chained = [] as string[], dieAt = "" } = {}): FollowUps {
  const followUps = new FollowUps({
    stateDirectory: state,
    log: createLogger({ write: () => undefined }, "silent"),
    failpoints: {
      reach: (label) => (label === dieAt ? Promise.reject(new Error("killed")) : Promise.resolve()),
    },
    now: () => nowMs,
    chained: () => chained,
    isSealed: () => Promise.resolve(isSealed),
    start: (run: FollowUp, { sessionId }: Before) => {
      if (refuse !== undefined) return Promise.reject(refuse);
      accepted.set(`${run.kind} ${sessionId} ${run.profile}`, run);
      return Promise.resolve("f".repeat(16));
    },
  });
  daemons.push(followUps);
  return followUps;
}

function ended(delayMs = 0): EndedSession {
  return {
    ...{ sessionId: ID, profile: "demo", directory: record, outcome: "launch_failed", retryNumber: 0 },
    endTimestamp: new Date(END).toISOString(),
    retry: { on: ["launch_failed"], times: 2, delayMs },
  };
}

async function owed(): Promise<string[]> {
  return await readdir(join(state, "followups")).catch(() => []);
}

async function nothingOwed(): Promise<void> {
  await until("the end of what is owed", async () => (await owed()).length === 0);
}

describe("what is owed to a session", () => {
  it("starts once its record is sealed, and is forgotten then", async () => {
    const followUps = daemon({ chained: ["reviewer"] });
    await followUps.owe(ended());
    expect([...accepted]).toEqual([]);
    followUps.sealed(ID);
    await nothingOwed();
    expect([...accepted.keys()]).toEqual([`chain ${ID} reviewer`, `retry ${ID} demo`]);
  });

  it("leaves no file where nothing follows", async () => {
    await daemon().owe({ ...ended(), retry: undefined });
    expect(await owed()).toEqual([]);
  });

  it.each(["follow_ups_owed", "follow_up_accepted"])("starts once through a death at %s", async (dieAt) => {
    const first = daemon({ chained: ["reviewer"], dieAt });
    await first.owe(ended()).catch(() => undefined);
    first.sealed(ID);
    await until(
      "the death",
      async () => (await owed()).length > 0 && (dieAt === "follow_ups_owed" || accepted.size > 0),
    );
    const next = daemon({ chained: ["another"] });
    // The end of a session that was not sealed comes again; what it is owed stays.
    if (dieAt === "follow_ups_owed") await next.owe(ended());
    await next.resume();
    await nothingOwed();
    expect([...accepted.keys()]).toEqual([`chain ${ID} reviewer`, `retry ${ID} demo`]);
  });

  it("waits for its delay over a restart, by the clock", async () => {
    const first = daemon();
    await first.owe(ended(600_000));
    first.sealed(ID);
    const due = { number: 1, due_timestamp: new Date(END + 600_000).toISOString() };
    expect(first.nextRetry(ID)).toEqual(due);
    await first.close();
    expect(accepted.size).toBe(0);
    expect(await owed()).toEqual([ID]);
    const next = daemon();
    await next.resume();
    const shown = { ...due, profile: "demo", session_id: ID };
    await until("the try that waits", () => next.retries(undefined, 10).length > 0);
    expect([next.retries("demo", 10), next.retries("other", 10)]).toEqual([[shown], []]);
    await next.close();
    nowMs = END + 600_000;
    const last = daemon();
    await last.resume();
    await nothingOwed();
    expect(last.nextRetry(ID)).toBeNull();
    expect([...accepted.values()]).toEqual([
      { kind: "retry", profile: "demo", number: 1, due: "2026-01-02T03:14:05.000Z" },
    ]);
  });

  it("is left to a session that is not sealed yet, and goes with a record that is gone", async () => {
    await daemon().owe(ended());
    isSealed = false;
    await daemon().resume();
    expect(await owed()).toEqual([ID]);
    await rm(record, { recursive: true });
    await daemon().resume();
    expect(await owed()).toEqual([]);
    expect(accepted.size).toBe(0);
  });

  it("is kept for the next daemon by one that is shutting down", async () => {
    refuse = new AgentdError("daemon_stopping", { tried: "run a session", why: "it is shutting down" });
    const first = daemon();
    await first.owe(ended());
    first.sealed(ID);
    await first.close();
    expect(await owed()).toEqual([ID]);
    refuse = undefined;
    await daemon().resume();
    await nothingOwed();
    expect(accepted.size).toBe(1);
  });

  it("is kept while a disk is full, and dropped where the profile is gone", async () => {
    refuse = new AgentdError("disk_low", { tried: "run a session", why: "the disk is full" });
    const first = daemon();
    await first.owe(ended());
    first.sealed(ID);
    await first.close();
    expect(await owed()).toEqual([ID]);
    refuse = new AgentdError("unknown_profile", { tried: "run a session", why: "it is gone" });
    await daemon().resume();
    await nothingOwed();
    expect(accepted.size).toBe(0);
  });
});
