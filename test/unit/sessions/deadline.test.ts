import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { SessionParts } from "../../../src/sessions/parts/session-parts.ts";
import { watchDeadline, watchPauses } from "../../../src/sessions/run/deadline.ts";
import { Pauses } from "../../../src/sessions/state/pauses.ts";
import { until } from "../../kit/until.mjs";

const NOW = "2026-01-02T03:04:05.000Z";
const uptime = (): number => performance.now();

/** A running session with a timeout and a limit of pauses, in milliseconds. */
function runningSession({ timeoutMs, pauseMaxMs }: { timeoutMs?: number; pauseMaxMs: number }) {
  const given: string[] = [];
  const resumed: string[] = [];
  const lines: unknown[] = [];
  const pauses = new Pauses();
  const over = new AbortController();
  const parts = {
    host: {
      clock: { now: Date.now, monotonic: uptime, uptime },
      executor: { resume: (ref: string) => Promise.resolve(void resumed.push(ref)) },
      failpoints: { reach: () => Promise.resolve() },
    },
    plan: { timeoutMs, pauseMaxMs, profile: { graceMs: 0 } },
    orders: { give: ({ outcome }: { outcome: string }) => Promise.resolve(void given.push(outcome)) },
    live: { running: { ref: "container", signal: over.signal } },
    standing: {
      state: "running",
      note: (...line: unknown[]) => Promise.resolve(void lines.push(line)),
      untilItSucceeds: (step: () => Promise<void>) => step(),
    },
    record: { id: "s1" },
    log: pino({ level: "silent" }),
    pauses,
  } as unknown as SessionParts;
  return { parts, pauses, given, resumed, lines, over };
}

describe("the deadline of a session", () => {
  it("stands still while the session is paused, however long, and runs on after that", async () => {
    const { parts, pauses, given, over } = runningSession({ timeoutMs: 50, pauseMaxMs: 1e9 });
    pauses.begin(uptime(), NOW);
    watchDeadline(parts, uptime(), over.signal);
    await sleep(200);
    expect(given).toEqual([]);
    pauses.end(uptime());
    await until("the deadline", () => given.length > 0);
    expect(given).toEqual(["timed_out"]);
  });

  it("is of no meaning once the command has ended", async () => {
    const { parts, pauses, given, over } = runningSession({ timeoutMs: 50, pauseMaxMs: 1e9 });
    watchDeadline(parts, uptime(), over.signal);
    over.abort();
    pauses.begin(uptime(), NOW);
    pauses.end(uptime());
    await sleep(100);
    expect(given).toEqual([]);
  });
});

describe("a pause", () => {
  it("ends when all pauses together have lasted as long as they may", async () => {
    const { parts, pauses, resumed, lines, over } = runningSession({ pauseMaxMs: 50 });
    watchPauses(parts, over.signal);
    pauses.begin(uptime(), NOW);
    await until("the end of the pause", () => !pauses.isPaused);
    expect(resumed).toEqual(["container"]);
    expect(lines).toEqual([["resumed", expect.objectContaining({ why: "daemon.pause_max has passed" })]]);
    over.abort();
  });
});
