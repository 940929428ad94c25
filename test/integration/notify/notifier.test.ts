/** The outbox against a real server, on a real disk, with a clock that the tests set. */
import { describe, expect, it } from "vitest";
import { testNotice } from "../../../src/notify/notice.ts";
import { eventOf, sealedEvent } from "../../kit/memory-feed.ts";
import {
  DAY_MS,
  HOUR_MS,
  type Message,
  MINUTE_MS,
  receiver,
  SENDER,
  TARGET,
  world,
} from "./notifier-under-test.ts";

const titles = (messages: readonly Message[]): string[] => messages.map(({ title }) => title);

describe("notifications", () => {
  it("arrive once each at a receiver that answers, also through restarts", async () => {
    const { feed, open, live, got, left } = await world();
    let notifier = await open();
    await live(notifier, MINUTE_MS);
    for (const outcome of ["work_failed", "work_failed", "success", "timed_out"] as const) {
      await feed.append(sealedEvent("demo", outcome));
      await live(notifier, 20 * MINUTE_MS);
      await notifier.close();
      notifier = await open();
      await live(notifier, 20 * MINUTE_MS);
    }
    expect(titles(got)).toEqual(["demo failed", "demo works again", "demo failed"]);
    expect(new Set(got.map(({ id }) => id)).size).toBe(3);
    expect(await left()).toEqual([]);
    expect(notifier.stateOf("team")).toMatchObject({ pending: 0, failed: null, offMs: null });
  });

  it("of every kind arrive once each, with a daemon that is new each time", async () => {
    const { feed, open, live, got } = await world();
    const about = { profile: "demo", session_id: "0198f2a4c6e81234" };
    const budget = { limit: "usd", used: 4.9, max: 5 } as const;
    const at = "2026-02-03T04:00:00.000Z";
    const skipped = { name: "nightly", scheduled_timestamp: at, until_timestamp: at } as const;
    const happens = [
      eventOf("daemon.started", { pid: 1, version: "1" }),
      sealedEvent("demo", "work_failed"),
      sealedEvent("demo", "work_failed"),
      eventOf("session.stalled", { idle_ms: 1_200_000, stop: false }, about),
      eventOf("llm.budget_95", budget, about),
      eventOf("schedule.skipped", { ...skipped, reason: "overlap", why: "it runs" }, about),
      eventOf("publish.failed", { why: "the server said no" }, about),
      eventOf("daemon.degraded", { what: "disk", why: "it is full" }),
      sealedEvent("demo", "success"),
      eventOf("daemon.started", { pid: 2, version: "1" }),
    ];
    for (const event of happens) {
      const notifier = await open();
      // Its first step makes a memory, so that what follows is news.
      await live(notifier, 11 * MINUTE_MS);
      await feed.append(event);
      await live(notifier, 13 * HOUR_MS);
      await notifier.close();
    }
    expect(titles(got)).toEqual([
      ...["demo failed", "demo still fails", "demo is stalled", "demo has used 95 % of its budget"],
      ...["demo was not run", "The work of demo was not published", "agentd: disk does not work"],
      ...["demo works again", "agentd is back after a crash"],
    ]);
    expect(new Set(got.map(({ id }) => id)).size).toBe(got.length);
  });

  it("are not of what happened before anybody was to be told", async () => {
    const { feed, open, live, got } = await world();
    await feed.append(sealedEvent("old", "work_failed"));
    const notifier = await open();
    await live(notifier, MINUTE_MS);
    await feed.append(sealedEvent("new", "work_failed"));
    await live(notifier, MINUTE_MS);
    expect(titles(got)).toEqual(["new failed"]);
  });

  it("are not lost while the receiver is away for a day, whether daemons come and go or not", async () => {
    const { feed, open, live, got, tries, state } = await world();
    let notifier = await open();
    await live(notifier, MINUTE_MS);
    state.answer = { status: 503 };
    for (let hour = 0; hour < 24; hour += 1) {
      await feed.append(sealedEvent(`p${hour}`, "launch_failed"));
      await live(notifier, HOUR_MS);
      if (hour % 5 !== 0) continue;
      await notifier.close();
      notifier = await open();
    }
    expect(got).toEqual([]);
    expect(notifier.stateOf("team")).toMatchObject({
      pending: 24,
      failed: { why: "it answered with HTTP 503" },
    });
    state.answer = { status: 200 };
    await live(notifier, DAY_MS);
    expect(titles(got).sort()).toEqual(Array.from({ length: 24 }, (_, hour) => `p${hour} failed`).sort());
    // One id over all tries.
    expect(new Set(tries).size).toBe(24);
    expect(tries.length).toBeGreaterThan(48);
  });

  it("wait as long as the receiver asks, and no longer than a day", async () => {
    const { feed, open, live, tries, state } = await world();
    const notifier = await open();
    await live(notifier, MINUTE_MS);
    state.answer = { status: 429, headers: { "retry-after": "7200" } };
    await feed.append(sealedEvent("demo", "work_failed"));
    await live(notifier, 119 * MINUTE_MS);
    expect(tries).toHaveLength(1);
    state.answer = { status: 429, headers: { "retry-after": "999999999" } };
    await live(notifier, 2 * MINUTE_MS);
    expect(tries).toHaveLength(2);
    await live(notifier, DAY_MS);
    expect(tries).toHaveLength(3);
  });

  it("are tried again when the clock was set back meanwhile", async () => {
    const { feed, clock, open, live, got, state } = await world();
    const notifier = await open();
    await live(notifier, MINUTE_MS);
    state.answer = { status: 503 };
    await feed.append(sealedEvent("demo", "work_failed"));
    await live(notifier, MINUTE_MS);
    clock.ms -= 365 * DAY_MS;
    state.answer = { status: 200 };
    await live(notifier, MINUTE_MS);
    expect(titles(got)).toEqual(["demo failed"]);
  });

  it("end with 410 until somebody tries, and are given up for another 4xx", async () => {
    const { feed, open, live, got, tries, state } = await world();
    const notifier = await open();
    await live(notifier, MINUTE_MS);
    state.answer = { status: 404 };
    await feed.append(sealedEvent("lost", "work_failed"));
    await live(notifier, HOUR_MS);
    expect(notifier.stateOf("team")).toMatchObject({
      pending: 0,
      failed: { why: "it answered with HTTP 404" },
    });
    state.answer = { status: 410 };
    await feed.append(sealedEvent("first", "work_failed"));
    await live(notifier, HOUR_MS);
    await feed.append(sealedEvent("unheard", "work_failed"));
    await live(notifier, DAY_MS);
    expect(tries).toHaveLength(2);
    expect(notifier.stateOf("team").offMs).not.toBeNull();
    state.answer = { status: 200 };
    expect(await notifier.try(TARGET, testNotice("team", SENDER, 1))).toEqual({ kind: "accepted" });
    await live(notifier, MINUTE_MS);
    expect(titles(got)).toEqual(["agentd can reach you here", "first failed"]);
  });

  it("follow at once when somebody tries a receiver that is back", async () => {
    const { feed, clock, open, live, got, state } = await world();
    const notifier = await open();
    await live(notifier, MINUTE_MS);
    state.answer = { status: 503 };
    await feed.append(sealedEvent("first", "work_failed"));
    await feed.append(sealedEvent("second", "work_failed"));
    await live(notifier, 12 * HOUR_MS);
    state.answer = { status: 200 };
    await notifier.try(TARGET, testNotice("team", SENDER, clock.ms));
    await notifier.step();
    await notifier.settled();
    expect(titles(got)).toEqual(["agentd can reach you here", "first failed", "second failed"]);
  });

  it("do not follow a redirect", async () => {
    const elsewhere = await receiver();
    const { feed, open, live, state } = await world();
    const notifier = await open();
    await live(notifier, MINUTE_MS);
    state.answer = { status: 307, headers: { location: elsewhere.url } };
    await feed.append(sealedEvent("demo", "work_failed"));
    await live(notifier, HOUR_MS);
    expect(elsewhere.tries).toEqual([]);
    expect(notifier.stateOf("team").failed?.why).toContain("a redirect, which agentd does not follow");
  });

  it("are at most 21 of a storm of a thousand", async () => {
    const { feed, open, live, got } = await world();
    const notifier = await open();
    await live(notifier, MINUTE_MS);
    for (let session = 0; session < 1000; session += 1)
      await feed.append(sealedEvent(`p${session}`, "launch_failed"));
    await live(notifier, HOUR_MS);
    expect(got).toHaveLength(21);
    expect(got[20]?.title).toBe("agentd has 980 more messages");
  });

  it("tell of a daemon that is back after a crash, and of no other", async () => {
    const { feed, open, live, got } = await world();
    const started = (pid: number) => feed.append(eventOf("daemon.started", { pid, version: "1" }));
    await started(1);
    let notifier = await open();
    await live(notifier, MINUTE_MS);
    await feed.append(eventOf("daemon.stopping", { pid: 1, signal: "SIGTERM", shutdown: "drain" }));
    await notifier.close();
    await started(2);
    notifier = await open();
    await live(notifier, HOUR_MS);
    expect(got).toEqual([]);
    await notifier.close();
    await started(3);
    notifier = await open();
    await live(notifier, HOUR_MS);
    expect(titles(got)).toEqual(["agentd is back after a crash"]);
  });

  it.each(["notice_written", "notice_committed", "notice_sending", "notice_sent"] as const)(
    "come through a daemon that dies at %s, with one id",
    async (label) => {
      const { feed, open, live, got, left } = await world();
      const before = await open();
      await live(before, MINUTE_MS);
      await before.close();
      await feed.append(sealedEvent("demo", "work_failed"));
      await feed.append(sealedEvent("other", "work_failed"));
      // Whatever it would do after that label it does no more.
      const dying = await open({
        reach: (each) => (each === label ? new Promise(() => undefined) : Promise.resolve()),
      });
      void dying.step();
      await expect
        .poll(async () => (label === "notice_sent" ? got.length : (await left()).length))
        .toBeGreaterThan(0);
      const next = await open();
      await live(next, HOUR_MS);
      expect([...new Set(titles(got))].sort()).toEqual(["demo failed", "other failed"]);
      expect(new Set(got.map(({ id }) => id)).size).toBe(2);
      expect(got.length).toBeLessThanOrEqual(3);
      expect(await left()).toEqual([]);
    },
  );
});
