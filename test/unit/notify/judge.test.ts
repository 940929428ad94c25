import { describe, expect, it } from "vitest";
import type { FeedEvent, NewEvent } from "../../../src/events/event.ts";
import { Judge } from "../../../src/notify/judge.ts";
import { newTargetMemory } from "../../../src/notify/memory.ts";
import { NOTICE_KINDS, type NotifyTarget } from "../../../src/notify/target.ts";
import { eventOf, sealedEvent } from "../../kit/memory-feed.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = Date.UTC(2026, 1, 3, 4, 5, 6);

const TARGET: NotifyTarget = {
  name: "team",
  on: NOTICE_KINDS,
  profiles: undefined,
  after: 1,
  remindMs: 12 * HOUR_MS,
  via: { kind: "command", command: ["true"] },
};

/** A target, a clock, and the titles of what it was told. */
function listener(changes: Partial<NotifyTarget> = {}) {
  const memory = newTargetMemory(0);
  const titles: string[] = [];
  const keys: string[] = [];
  const clock = { ms: START_MS };
  let seq = 0;
  // A judge for each step, as after a restart: all that it knows is in the memory.
  const judge = () => new Judge({ ...TARGET, ...changes }, structuredClone(memory));
  const take = (told: ReturnType<Judge["pass"]>): void => {
    titles.push(...told.map(({ occurrence }) => occurrence.title));
    keys.push(...told.map(({ key }) => key));
  };
  const on = (work: (judge: Judge) => ReturnType<Judge["pass"]>): void => {
    // What a daemon that dies and its successor do with the same memory is the same; a large one takes long to copy.
    const kept = Object.keys(memory.failing).length < 10 ? structuredClone(memory) : undefined;
    const told = work(new Judge({ ...TARGET, ...changes }, memory));
    if (kept !== undefined) {
      expect(work(new Judge({ ...TARGET, ...changes }, kept))).toEqual(told);
      expect(kept).toEqual(memory);
    }
    take(told);
  };
  return {
    titles,
    keys,
    clock,
    hear: (event: NewEvent, afterCrash = false): void => {
      seq += 1;
      const heard = { ...event, seq } as FeedEvent;
      on((each) => each.hear(heard, clock.ms, afterCrash));
    },
    wait: (ms: number): void => {
      for (const end = clock.ms + ms; clock.ms < end;) {
        clock.ms = Math.min(end, Math.max(judge().dueMs, clock.ms + MINUTE_MS));
        on((each) => each.pass(clock.ms));
      }
    },
  };
}

describe("what a target is told", () => {
  it("is that a profile fails, once, and that it works again", () => {
    const { hear, titles, wait } = listener();
    hear(sealedEvent("demo", "success"));
    for (let run = 0; run < 3; run += 1) {
      hear(sealedEvent("demo", "work_failed", { exit_code: 5 }));
      wait(HOUR_MS);
    }
    hear(sealedEvent("demo", "success"));
    hear(sealedEvent("demo", "success"));
    expect(titles).toEqual(["demo failed", "demo works again"]);
  });

  it("is a reminder for as long as it goes on failing, with what came since", () => {
    const { hear, titles, wait } = listener();
    hear(sealedEvent("demo", "timed_out"));
    wait(24 * HOUR_MS);
    // One that failed once and did not run again needs no reminder.
    expect(titles).toEqual(["demo failed"]);
    hear(sealedEvent("demo", "timed_out"));
    wait(MINUTE_MS);
    expect(titles.slice(1)).toEqual(["demo still fails"]);
    for (let run = 0; run < 5; run += 1) {
      hear(sealedEvent("demo", "timed_out"));
      wait(HOUR_MS);
    }
    expect(titles).toHaveLength(2);
    wait(7 * HOUR_MS);
    expect(titles.slice(2)).toEqual(["demo still fails"]);
  });

  it("comes after as many failures as it wants, and no recovery without them", () => {
    const { hear, titles } = listener({ after: 3 });
    const runs = [
      "work_failed",
      "work_failed",
      "success",
      "work_failed",
      "blocked",
      "launch_failed",
      "success",
    ] as const;
    for (const outcome of runs) hear(sealedEvent("demo", outcome));
    expect(titles).toEqual(["demo failed, the 3rd failure in a row", "demo works again"]);
  });

  it("has nothing of a session that somebody cancelled", () => {
    const { hear, titles } = listener();
    hear(sealedEvent("demo", "cancelled"));
    hear(sealedEvent("demo", "work_failed"));
    hear(sealedEvent("demo", "cancelled"));
    hear(sealedEvent("demo", "nothing_ready"));
    expect(titles).toEqual(["demo failed", "demo works again"]);
  });

  it("is of its profiles only, and of what it wants", () => {
    const { hear, titles } = listener({ profiles: ["site-*"], on: ["failure", "daemon"] });
    hear(sealedEvent("other", "work_failed"));
    hear(sealedEvent("site-a", "work_failed"));
    hear(sealedEvent("site-a", "success"));
    hear(eventOf("daemon.degraded", { what: "podman", why: "it does not answer" }));
    expect(titles).toEqual(["site-a failed", "agentd: podman does not work"]);
  });

  it("is whatever else needs a person", () => {
    const { hear, titles, keys } = listener();
    const about = { profile: "demo", session_id: "0198f2a4c6e81234" };
    const budget = { limit: "usd", used: 4, max: 5 } as const;
    const at = "2026-02-03T04:00:00.000Z";
    hear(eventOf("session.stalled", { idle_ms: 1_200_000, stop: true }, about));
    hear(eventOf("llm.budget_50", { ...budget, used: 2.5 }, about));
    hear(eventOf("llm.budget_80", budget, about));
    hear(eventOf("llm.budget_exhausted", { ...budget, used: 5 }, about));
    const skipped = {
      name: "default",
      scheduled_timestamp: at,
      until_timestamp: at,
      reason: "overlap",
      why: "it runs",
    };
    hear(eventOf("schedule.skipped", skipped, { profile: "demo" }));
    // Somebody wanted these.
    for (const reason of ["paused", "by_hand"])
      hear(eventOf("schedule.skipped", { ...skipped, reason }, { profile: "orderly" }));
    hear(eventOf("publish.failed", { why: "the server said no" }, about));
    hear(eventOf("daemon.started", { pid: 1, version: "1" }));
    hear(eventOf("daemon.started", { pid: 2, version: "1" }), true);
    hear(eventOf("daemon.degraded", { what: "podman", why: "it does not answer" }));
    hear(eventOf("daemon.recovered", { what: "podman" }));
    hear(eventOf("egress.denied", { host: "x.example", port: 443, rule: "not_listed", reason: null }, about));
    expect(titles).toEqual([
      "demo is stalled",
      "demo has used 80 % of its budget",
      "demo has spent its budget",
      "demo was not run",
      "The work of demo was not published",
      "agentd is back after a crash",
      "agentd: podman does not work",
      "agentd: podman works again",
    ]);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("what comes again and again", () => {
  it("is folded for ten minutes, and then told together", () => {
    const { hear, titles, wait } = listener();
    for (let turn = 0; turn < 5; turn += 1) {
      hear(sealedEvent("demo", "work_failed"));
      hear(sealedEvent("demo", "success"));
      wait(MINUTE_MS);
    }
    expect(titles).toEqual(["demo failed", "demo works again"]);
    wait(10 * MINUTE_MS);
    expect(titles.slice(2)).toEqual([
      "demo failed (4 more times in 10 minutes)",
      "demo works again (4 more times in 10 minutes)",
    ]);
    wait(HOUR_MS);
    hear(sealedEvent("demo", "work_failed"));
    expect(titles.slice(4)).toEqual(["demo failed"]);
  });

  it("is told, and so is a reminder, when the clock was set back meanwhile", () => {
    const { hear, titles, wait, clock } = listener();
    hear(sealedEvent("demo", "work_failed"));
    hear(sealedEvent("demo", "success"));
    clock.ms -= 365 * 24 * HOUR_MS;
    hear(sealedEvent("demo", "work_failed"));
    wait(10 * MINUTE_MS);
    expect(titles.slice(2)).toEqual(["demo failed (once more in 10 minutes)"]);
    clock.ms -= 365 * 24 * HOUR_MS;
    hear(sealedEvent("demo", "work_failed"));
    wait(12 * HOUR_MS);
    expect(titles.slice(3)).toEqual(["demo still fails"]);
  });

  it("is at most 21 messages of a storm, of which the last one counts", () => {
    const { hear, titles, keys, wait } = listener();
    for (let profile = 1; profile <= 1000; profile += 1) hear(sealedEvent(`p${profile}`, "launch_failed"));
    expect(titles).toHaveLength(20);
    wait(HOUR_MS);
    expect(titles).toHaveLength(21);
    expect(titles[20]).toBe("agentd has 980 more messages");
    hear(sealedEvent("p2000", "launch_failed"));
    expect(titles[21]).toBe("p2000 failed");
    expect(new Set(keys).size).toBe(22);
  });
});
