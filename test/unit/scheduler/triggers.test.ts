/** Several schedules of one profile, those without a calendar, and what operators do to them, over a year. */
import { describe, expect, it } from "vitest";
import { type NewEvent, scheduleEventSchema, skipEvent, timestampOf } from "../../../src/scheduler/events.ts";
import { nextInstants } from "../../../src/scheduler/planner.ts";
import { afterEvent, stateEvent, UNKNOWN } from "../../../src/scheduler/schedule-state.ts";
import type { ScheduleSettings } from "../../../src/scheduler/schedules-of.ts";
import { DAY_MS, decidedUpTo, HOUR_MS, MINUTE_MS, scheduleOf } from "./schedule-under-test.ts";
import { Simulation } from "./simulation.ts";

const FROM = Date.parse("2026-01-01T00:00:30Z");
const TO = FROM + 365 * DAY_MS;
const DEMO = { profile: "demo", name: "default" };

function every(minutes: number, settings: Partial<ScheduleSettings> = {}) {
  const everyMs = minutes * MINUTE_MS;
  return scheduleOf({ name: "pulse", expression: `every ${minutes}m`, when: { everyMs }, ...settings });
}

function once(timestamp: string, settings: Partial<ScheduleSettings> = {}) {
  const when = { atMs: Date.parse(timestamp) };
  return scheduleOf({ name: "eve", expression: `at ${timestamp}`, when, missed: "once", ...settings });
}

/** A year in which the daemon wakes up when something is due, and is restarted every thousandth time. */
function liveAYear(simulation: Simulation, at: (wakes: number, now: number) => void = () => undefined): void {
  simulation.start(FROM);
  for (let wakes = 0, now = FROM; ; wakes += 1) {
    now = Math.min(Math.max(simulation.nextDueMs, now + 1), now + 30 * DAY_MS);
    if (now > TO) return;
    if (wakes % 1000 === 0) simulation.start(now);
    else simulation.look(now);
    at(wakes, now);
  }
}

describe("several schedules of a profile", () => {
  it("fire each at its own instants, also where two have the same one, for a year", () => {
    const nightly = scheduleOf({ name: "nightly", expression: "0 3 * * *", timezone: "Europe/Berlin" });
    const weekly = scheduleOf({ name: "weekly", expression: "0 3 * * mon", timezone: "Europe/Berlin" });
    const simulation = new Simulation(nightly, weekly, every(90), once("2026-12-24T06:00:00+01:00"));
    liveAYear(simulation);
    const nights = simulation.firedOf(nightly);
    const weeks = simulation.firedOf(weekly);
    expect(nights).toHaveLength(365);
    expect(new Set(nights).size).toBe(365);
    expect(weeks).toHaveLength(52);
    expect(weeks.filter((instant) => !nights.includes(instant))).toEqual([]);
    expect(simulation.firedOf({ name: "pulse" })).toHaveLength(365 * 16);
    expect(simulation.firedOf({ name: "eve" })).toEqual([Date.parse("2026-12-24T05:00:00Z")]);
  });

  it("meet only their own earlier sessions", () => {
    const first = scheduleOf({ name: "first", overlap: "skip" });
    const second = scheduleOf({ name: "second", overlap: "allow" });
    const simulation = new Simulation(first, second);
    simulation.start("2026-01-02T03:30Z");
    simulation.isBusy = true;
    simulation.look("2026-01-02T04:00Z");
    expect(simulation.story).toEqual(["skip overlap 2026-01-02T04:00", "fire due 2026-01-02T04:00"]);
  });

  it("are followed and left each for itself", () => {
    const [kept, gone] = [scheduleOf({ name: "kept" }), scheduleOf({ name: "gone" })];
    const before = new Simulation(kept, gone);
    before.start("2026-01-02T03:30Z");
    const after = new Simulation(kept);
    after.append(before.written);
    after.start("2026-01-02T03:40Z");
    expect(after.written.at(-1)).toMatchObject({ event: "unwatched", profile: "demo", name: "gone" });
    expect(after.written).toHaveLength(3);
  });
});

describe("a schedule of every so often", () => {
  it("keeps its distance when clocks change, whatever its zone", () => {
    const simulation = new Simulation(every(90, { timezone: "Europe/Berlin" }));
    liveAYear(simulation);
    const { fired } = simulation;
    const distances = new Set(fired.slice(1).map((instant, index) => instant - fired[index]!));
    expect([...distances]).toEqual([90 * MINUTE_MS]);
  });

  it("is counted from a fixed origin: neither a restart nor a jump of the clock moves it", () => {
    const simulation = new Simulation(every(90));
    simulation.start("2026-01-02T03:47Z");
    simulation.look("2026-01-02T04:30Z");
    simulation.start("2026-01-02T05:59Z");
    simulation.look("2026-01-02T06:00:05Z");
    simulation.look("2026-01-03T01:00Z");
    simulation.look("2026-01-02T07:00Z");
    simulation.look("2026-01-02T07:30Z");
    expect(simulation.story).toEqual([
      "fire due 2026-01-02T04:30",
      "fire due 2026-01-02T06:00",
      "skip missed 2026-01-02T07:30..2026-01-03T00:00",
      "fire due 2026-01-02T07:30",
    ]);
  });

  it("makes up for the last of those that were missed", () => {
    const simulation = new Simulation(every(90, { missed: "once" }));
    simulation.start("2026-01-02T03:47Z");
    simulation.start("2026-01-02T10:00Z");
    expect(simulation.story).toEqual([
      "skip missed 2026-01-02T04:30..2026-01-02T07:30",
      "fire made_up 2026-01-02T09:00",
    ]);
  });
});

describe("a schedule of one time", () => {
  const AT = "2026-12-24T05:00:00Z";

  it("fires once, and there is nothing to wait for any more", () => {
    const schedule = once(AT);
    const simulation = new Simulation(schedule);
    liveAYear(simulation);
    expect(simulation.story).toEqual(["fire due 2026-12-24T05:00"]);
    expect(simulation.nextDueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ["before it", ["2026-12-24T04:59:59Z", "2026-12-24T05:00:01Z"], ["fire due 2026-12-24T05:00"]],
    ["over it", ["2026-12-24T04:00Z", "2026-12-24T06:00Z"], ["fire made_up 2026-12-24T05:00"]],
    ["just after it", ["2026-12-24T05:00Z", "2026-12-24T05:00Z"], ["fire due 2026-12-24T05:00"]],
    ["for two days", ["2026-12-23T05:00Z", "2026-12-25T05:00:01Z"], ["skip too_late 2026-12-24T05:00"]],
  ])("fires at most once when the daemon dies %s", (_when, [last = "", next = ""], story) => {
    const simulation = new Simulation(once(AT));
    simulation.start("2026-12-01T00:00Z");
    simulation.look(last);
    simulation.start(next);
    simulation.start("2026-12-26T00:00Z");
    expect(simulation.story).toEqual(story);
  });

  it("does not fire when it was over before the daemon knew of it", () => {
    const simulation = new Simulation(once(AT));
    simulation.start("2026-12-24T05:00:00.001Z");
    expect(simulation.story).toEqual([]);
    expect(nextInstants(once(AT), UNKNOWN, { instantMs: Infinity, dueMs: Infinity }, 3)).toEqual([]);
  });

  it("does not fire again when the clock is set back", () => {
    const simulation = new Simulation(once(AT));
    simulation.start("2026-12-24T04:30Z");
    simulation.look(AT);
    simulation.look("2026-12-24T04:45Z");
    simulation.start("2026-12-24T04:50Z");
    simulation.look(AT);
    expect(simulation.story).toEqual(["fire due 2026-12-24T05:00"]);
  });

  it("fires at its time when the clock ran ahead of it before", () => {
    const simulation = new Simulation(once(AT));
    simulation.start("2026-12-01T00:00Z");
    simulation.look("2027-12-01T00:00Z");
    simulation.look("2026-12-01T00:05Z");
    simulation.look(AT);
    expect(simulation.story).toEqual(["skip too_late 2026-12-24T05:00", "fire due 2026-12-24T05:00"]);
  });

  it("fires anew at another time", () => {
    const before = new Simulation(once(AT));
    before.start("2026-12-24T04:30Z");
    before.look(AT);
    const later = new Simulation(once("2026-12-25T05:00:00Z"));
    later.append(before.written);
    later.start("2026-12-24T06:00Z");
    later.look("2026-12-25T05:00Z");
    expect(later.story).toEqual(["fire due 2026-12-24T05:00", "fire due 2026-12-25T05:00"]);
  });

  it("fires later by its jitter", () => {
    const schedule = once(AT, { jitterMs: HOUR_MS });
    const simulation = new Simulation(schedule);
    simulation.start("2026-12-24T04:30Z");
    expect(simulation.nextDueMs).toBeGreaterThan(Date.parse(AT));
    simulation.look(simulation.nextDueMs);
    expect(simulation.fired).toEqual([Date.parse(AT)]);
  });
});

describe("a paused schedule", () => {
  const paused = (until: string | null): NewEvent => ({ event: "paused", ...DEMO, until });
  const RESUMED: NewEvent = { event: "resumed", ...DEMO, reason: "by_hand" };

  it("skips its instants, through restarts, until it is resumed", () => {
    const simulation = new Simulation(scheduleOf({ missed: "once" }));
    simulation.start("2026-01-02T03:30Z");
    simulation.operate("2026-01-02T03:40Z", paused(null));
    simulation.look("2026-01-02T04:00Z");
    simulation.start("2026-01-02T06:30Z");
    simulation.operate("2026-01-02T06:40Z", RESUMED);
    simulation.start("2026-01-02T06:45Z");
    simulation.look("2026-01-02T07:00Z");
    expect(simulation.story).toEqual([
      "skip paused 2026-01-02T04:00",
      "skip paused 2026-01-02T05:00..2026-01-02T06:00",
      "resume by_hand",
      "fire due 2026-01-02T07:00",
    ]);
  });

  it("fires again from the end of the pause on, which is written down in time", () => {
    const simulation = new Simulation(scheduleOf());
    simulation.start("2026-01-02T03:30Z");
    simulation.operate("2026-01-02T03:40Z", paused("2026-01-02T05:00:00.000Z"));
    simulation.look("2026-01-02T04:00Z");
    expect(simulation.nextDueMs).toBe(Date.parse("2026-01-02T05:00Z"));
    simulation.look("2026-01-02T05:00Z");
    expect(simulation.story).toEqual([
      "skip paused 2026-01-02T04:00",
      "resume time",
      "fire due 2026-01-02T05:00",
    ]);
  });

  it("makes up for what was missed after the end of the pause, and for nothing in it", () => {
    const simulation = new Simulation(scheduleOf({ missed: "once" }));
    simulation.start("2026-01-02T03:30Z");
    simulation.operate("2026-01-02T03:40Z", paused("2026-01-02T06:30:00.000Z"));
    simulation.start("2026-01-02T08:30Z");
    expect(simulation.story).toEqual([
      "skip paused 2026-01-02T04:00..2026-01-02T06:00",
      "resume time",
      "skip missed 2026-01-02T07:00",
      "fire made_up 2026-01-02T08:00",
    ]);
  });

  it("holds a run that waits", () => {
    const simulation = new Simulation(scheduleOf({ overlap: "queue" }));
    simulation.start("2026-01-02T03:30Z");
    simulation.isBusy = true;
    simulation.look("2026-01-02T04:00Z");
    simulation.operate("2026-01-02T04:01Z", paused(null));
    simulation.isBusy = false;
    simulation.look("2026-01-02T04:02Z");
    simulation.operate("2026-01-02T04:03Z", RESUMED);
    simulation.look("2026-01-02T04:04Z");
    expect(simulation.story).toEqual([
      "wait 2026-01-02T04:00",
      "resume by_hand",
      "fire waited 2026-01-02T04:00",
    ]);
  });

  it("is not paused any more when the profile loses it and gets it back", () => {
    const simulation = new Simulation(scheduleOf());
    simulation.start("2026-01-02T03:30Z");
    simulation.operate("2026-01-02T03:40Z", paused(null), { event: "unwatched", ...DEMO });
    simulation.start("2026-01-02T03:50Z");
    simulation.look("2026-01-02T04:00Z");
    expect(simulation.story).toEqual(["fire due 2026-01-02T04:00"]);
  });

  it("shows the runs that come after the pause", () => {
    const schedule = scheduleOf();
    const shown = (untilMs: number): string[] => {
      const state = { ...decidedUpTo("2026-01-02T03:00Z"), paused: { sinceMs: 0, untilMs } };
      const first = Date.parse("2026-01-02T04:00Z");
      const next = nextInstants(schedule, state, { instantMs: first, dueMs: first }, 2);
      return next.map(({ instantMs }) => timestampOf(instantMs));
    };
    expect(shown(Infinity)).toEqual([]);
    expect(shown(Date.parse("2026-05-02T05:30Z"))).toEqual([
      "2026-05-02T06:00:00.000Z",
      "2026-05-02T07:00:00.000Z",
    ]);
  });
});

describe("an operator", () => {
  it("skips the next run alone, though the clock is set back and the daemon restarted", () => {
    const simulation = new Simulation(scheduleOf());
    simulation.start("2026-01-02T03:30Z");
    const next = simulation.nextDueMs;
    simulation.operate("2026-01-02T03:35Z", skipEvent(DEMO, next, next, "by_hand"));
    expect(simulation.nextDueMs).toBe(next + HOUR_MS);
    simulation.start("2026-01-02T03:40Z");
    simulation.look("2026-01-02T04:00Z");
    simulation.look("2026-01-02T03:50Z");
    simulation.look("2026-01-02T04:00Z");
    simulation.look("2026-01-02T05:00Z");
    expect(simulation.story).toEqual(["skip by_hand 2026-01-02T04:00", "fire due 2026-01-02T05:00"]);
  });

  it("skips every third run of a year, and loses no other", () => {
    const schedule = scheduleOf({ expression: "0 */6 * * *" });
    const simulation = new Simulation(schedule);
    const skipped: number[] = [];
    liveAYear(simulation, (wakes, now) => {
      if (wakes % 3 !== 0) return;
      const next = simulation.nextDueMs;
      simulation.operate(now, skipEvent(DEMO, next, next, "by_hand"));
      skipped.push(next);
    });
    const all: number[] = [];
    const { timetable } = schedule;
    for (let next = timetable.next(FROM); next <= TO; next = timetable.next(next)) all.push(next);
    expect(skipped.length).toBeGreaterThan(300);
    const decided = [...simulation.fired, ...skipped].sort((a, b) => a - b);
    // The last one that is skipped may lie after the year.
    expect(decided.filter((instant) => instant <= TO)).toEqual(all);
  });

  it("fires by hand beside the schedule, also while it is paused", () => {
    const simulation = new Simulation(scheduleOf());
    simulation.start("2026-01-02T03:30Z");
    const byHand: NewEvent = {
      ...{ event: "firing", ...DEMO, scheduled_timestamp: "2026-01-02T03:40:00.000Z" },
      ...{ fire_id: "f1", reason: "by_hand", why: "" },
    };
    simulation.operate("2026-01-02T03:40Z", byHand);
    simulation.look("2026-01-02T04:00Z");
    expect(simulation.story).toEqual(["fire by_hand 2026-01-02T03:40", "fire due 2026-01-02T04:00"]);
  });
});

describe("what is known of a schedule", () => {
  it("is the same after it was written as one event", () => {
    const byHand = { instantMs: 90_000, fireId: "f1" };
    const state = {
      ...decidedUpTo("2026-01-02T03:00Z"),
      unsettled: [{ instantMs: 60_000 }, byHand],
      paused: { sinceMs: 1_000, untilMs: Number.POSITIVE_INFINITY },
    };
    const written = JSON.stringify({ time: timestampOf(0), ...stateEvent(DEMO, state) });
    const event = scheduleEventSchema.parse(JSON.parse(written));
    expect(afterEvent(UNKNOWN, event)).toEqual(state);
  });

  it("is read as a version has written it that knew one schedule for each profile", () => {
    const time = "2026-01-02T03:00:00.000Z";
    const lines = [
      { time, event: "watching", profile: "demo", schedule: "0 * * * *", timezone: "UTC" },
      { time, event: "firing", profile: "demo", scheduled_timestamp: time, reason: "due", why: "it was due" },
      {
        ...{ time, event: "state", profile: "demo", watched: null, cursor: time, spans: [] },
        ...{ is_span_open: false, unsettled: [time], waiting: null, last_run: null, last_skip: null },
      },
    ];
    const events = lines.map((line) => scheduleEventSchema.parse(line));
    expect(events.map(({ name }) => name)).toEqual(["default", "default", "default"]);
    expect(events.reduce(afterEvent, UNKNOWN)).toMatchObject({
      unsettled: [{ instantMs: Date.parse(time) }],
      paused: undefined,
    });
  });
});
