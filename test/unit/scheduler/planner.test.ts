import { describe, expect, it } from "vitest";
import { dueMs, meetOverlap } from "../../../src/scheduler/planner.ts";
import type { ScheduleSettings } from "../../../src/scheduler/schedules-of.ts";
import { HOUR_MS, MINUTE_MS, scheduleOf } from "./schedule-under-test.ts";
import { Simulation } from "./simulation.ts";

/** One thing that happens: the daemon starts, or looks, at a time of its clock. */
type Step = readonly ["start" | "look", string];

function storyOf(settings: Partial<ScheduleSettings>, steps: readonly Step[]): string[] {
  const simulation = new Simulation(scheduleOf(settings));
  for (const [verb, now] of steps) simulation[verb](now);
  return simulation.story;
}

describe("an instant", () => {
  it.each<[string, Partial<ScheduleSettings>, readonly Step[], string[]]>([
    [
      "fires when it is due, and not again",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2026-01-02T04:00Z"],
        ["look", "2026-01-02T04:00:00.001Z"],
        ["look", "2026-01-02T04:59:59.999Z"],
        ["look", "2026-01-02T05:00:01Z"],
      ],
      ["fire due 2026-01-02T04:00", "fire due 2026-01-02T05:00"],
    ],
    [
      "fires when the daemon starts for the first time at that very moment",
      {},
      [["start", "2026-01-02T04:00Z"]],
      ["fire due 2026-01-02T04:00"],
    ],
    [
      "is none of the daemon's before its first start",
      { missed: "once" },
      [
        ["start", "2026-01-02T04:00:00.001Z"],
        ["look", "2026-01-02T04:01Z"],
      ],
      [],
    ],
    [
      "is late, not missed, when a sleep of a minute has passed over it",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2026-01-02T04:01:30Z"],
      ],
      ["fire due 2026-01-02T04:00"],
    ],
    [
      "is missed when nobody has noticed it in time",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2026-01-02T04:01:30.001Z"],
      ],
      ["skip missed 2026-01-02T04:00"],
    ],
    [
      "is not fired again by a restart on the exact second",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2026-01-02T04:00Z"],
        ["start", "2026-01-02T04:00Z"],
      ],
      ["fire due 2026-01-02T04:00"],
    ],
    [
      "is fired by a restart on the exact second that comes before it was",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["start", "2026-01-02T04:00Z"],
      ],
      ["fire due 2026-01-02T04:00"],
    ],
    [
      "is not lost to a quick restart",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["start", "2026-01-02T04:00:10Z"],
      ],
      ["fire due 2026-01-02T04:00"],
    ],
    [
      "is missed when the daemon was down for longer",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["start", "2026-01-02T04:00:10.001Z"],
      ],
      ["skip missed 2026-01-02T04:00"],
    ],
    [
      "is missed with all others while the machine sleeps for a week",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2026-01-09T03:30Z"],
        ["look", "2026-01-09T04:00Z"],
      ],
      ["skip missed 2026-01-02T04:00..2026-01-09T03:00", "fire due 2026-01-09T04:00"],
    ],
    [
      "fires in time after a sleep, and those before it are missed",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2026-01-09T04:00:20Z"],
      ],
      ["skip missed 2026-01-02T04:00..2026-01-09T03:00", "fire due 2026-01-09T04:00"],
    ],
    [
      "is missed with all others when the clock goes forward a year",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2027-01-02T03:30Z"],
        ["look", "2027-01-02T04:00Z"],
      ],
      ["skip missed 2026-01-02T04:00..2027-01-02T03:00", "fire due 2027-01-02T04:00"],
    ],
    [
      "comes at its time although a clock had run ahead by a year",
      {},
      [
        ["start", "2026-01-02T03:30Z"],
        ["look", "2027-01-02T04:00Z"],
        ["look", "2026-01-02T03:40Z"],
        ["look", "2026-01-02T04:00Z"],
        ["start", "2026-01-02T05:00Z"],
      ],
      [
        "skip missed 2026-01-02T04:00..2027-01-02T03:00",
        "fire due 2027-01-02T04:00",
        "fire due 2026-01-02T04:00",
        "fire due 2026-01-02T05:00",
      ],
    ],
    [
      "is not repeated by a clock that is set back a day",
      {},
      [
        ["start", "2026-01-02T23:30Z"],
        ["look", "2026-01-03T00:00Z"],
        ["look", "2026-01-03T01:00Z"],
        ["look", "2026-01-02T01:10Z"],
        ["look", "2026-01-02T02:00Z"],
        ["look", "2026-01-03T00:00Z"],
        ["look", "2026-01-03T01:00Z"],
        ["look", "2026-01-03T02:00Z"],
      ],
      [
        "fire due 2026-01-03T00:00",
        "fire due 2026-01-03T01:00",
        "fire due 2026-01-02T02:00",
        "skip missed 2026-01-02T03:00..2026-01-02T23:00",
        "fire due 2026-01-03T02:00",
      ],
    ],
    [
      "is not repeated by a restart with the clock set back a day",
      {},
      [
        ["start", "2026-01-02T23:30Z"],
        ["look", "2026-01-03T00:00Z"],
        ["start", "2026-01-02T00:00:01Z"],
        ["look", "2026-01-03T00:00Z"],
      ],
      ["fire due 2026-01-03T00:00", "skip missed 2026-01-02T01:00..2026-01-02T23:00"],
    ],
    [
      "that was missed is made up for once",
      { missed: "once" },
      [
        ["start", "2026-01-02T03:30Z"],
        ["start", "2026-01-02T08:20Z"],
        ["look", "2026-01-02T08:21Z"],
      ],
      ["skip missed 2026-01-02T04:00..2026-01-02T07:00", "fire made_up 2026-01-02T08:00"],
    ],
    [
      "that was missed is not made up for beyond catchup_window",
      { missed: "once", catchupWindowMs: 19 * MINUTE_MS },
      [
        ["start", "2026-01-02T03:30Z"],
        ["start", "2026-01-02T08:20Z"],
      ],
      ["skip too_late 2026-01-02T04:00..2026-01-02T08:00"],
    ],
    [
      "that was missed is made up for by one that is due",
      { missed: "once" },
      [
        ["start", "2026-01-02T03:30Z"],
        ["start", "2026-01-02T08:00:01Z"],
      ],
      ["skip missed 2026-01-02T04:00..2026-01-02T07:00", "fire due 2026-01-02T08:00"],
    ],
  ])("%s", (_what, settings, steps, story) => {
    expect(storyOf(settings, steps)).toEqual(story);
  });

  it("is not missed under another schedule than the one it belongs to", () => {
    const simulation = new Simulation(scheduleOf({ missed: "once" }));
    simulation.start("2026-01-02T03:30Z");
    const changed = new Simulation(scheduleOf({ missed: "once", expression: "5 * * * *" }));
    changed.append(simulation.written);
    changed.start("2026-01-02T06:30Z");
    changed.look("2026-01-02T07:05Z");
    expect(changed.story).toEqual(["fire due 2026-01-02T07:05"]);
  });
});

describe("overlap", () => {
  it.each([
    ["allow", true, true, "fire"],
    ["skip", false, false, "fire"],
    ["skip", true, false, "overlap"],
    ["queue", false, false, "fire"],
    ["queue", true, false, "wait"],
    ["queue", true, true, "queue_full"],
    ["queue", false, true, "queue_full"],
  ] as const)(
    "%s, with a session before it %s and one waiting %s: %s",
    (overlap, isBusy, isWaiting, verdict) => {
      expect(meetOverlap({ overlap }, { isBusy, isWaiting })).toBe(verdict);
    },
  );

  it("lets one run wait, through a restart too, and fires it when the one before it has ended", () => {
    const simulation = new Simulation(scheduleOf({ overlap: "queue" }));
    simulation.start("2026-01-02T03:30Z");
    simulation.look("2026-01-02T04:00Z");
    simulation.isBusy = true;
    for (const hour of ["05", "06"]) simulation.look(`2026-01-02T${hour}:00Z`);
    simulation.start("2026-01-02T06:30Z");
    simulation.isBusy = false;
    simulation.look("2026-01-02T06:40Z");
    simulation.isBusy = true;
    simulation.look("2026-01-02T07:00Z");
    expect(simulation.story).toEqual([
      "fire due 2026-01-02T04:00",
      "wait 2026-01-02T05:00",
      "skip queue_full 2026-01-02T06:00",
      "fire waited 2026-01-02T05:00",
      "wait 2026-01-02T07:00",
    ]);
  });

  it("has the run that waited go first, and the one that is due wait for it", () => {
    const simulation = new Simulation(scheduleOf({ overlap: "queue" }));
    simulation.start("2026-01-02T03:30Z");
    simulation.isBusy = true;
    simulation.look("2026-01-02T04:00Z");
    simulation.isBusy = false;
    simulation.look("2026-01-02T05:00Z");
    expect(simulation.story.slice(1)).toEqual(["fire waited 2026-01-02T04:00", "wait 2026-01-02T05:00"]);
  });
});

describe("jitter", () => {
  const schedule = scheduleOf({ jitterMs: 30 * MINUTE_MS });
  const instants = Array.from(
    { length: 200 },
    (_, index) => Date.parse("2026-01-02T00:00Z") + index * HOUR_MS,
  );
  const delays = instants.map((instant) => dueMs(schedule, instant) - instant);

  it("spreads runs over its length and no further", () => {
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(30 * MINUTE_MS);
    expect(new Set(delays.map((delay) => Math.floor(delay / (3 * MINUTE_MS)))).size).toBe(10);
  });

  it("is the same each time for a profile and an instant, and another one for another profile", () => {
    expect(instants.map((instant) => dueMs(schedule, instant) - instant)).toEqual(delays);
    const other = scheduleOf({ jitterMs: 30 * MINUTE_MS, profile: "other" });
    expect(instants.map((instant) => dueMs(other, instant) - instant)).not.toEqual(delays);
  });

  it("never reaches the next instant", () => {
    const long = scheduleOf({ jitterMs: 24 * HOUR_MS });
    for (const instant of instants) expect(dueMs(long, instant)).toBeLessThan(instant + HOUR_MS);
  });

  it("delays the fire", () => {
    const simulation = new Simulation(schedule);
    simulation.start("2026-01-02T03:30Z");
    const due = dueMs(schedule, Date.parse("2026-01-02T04:00Z"));
    expect(simulation.nextDueMs).toBe(due);
    simulation.look(due - 1);
    expect(simulation.story).toEqual([]);
    simulation.look(due);
    expect(simulation.story).toEqual(["fire due 2026-01-02T04:00"]);
  });
});
