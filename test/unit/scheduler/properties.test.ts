import { describe, expect, it } from "vitest";
import { scheduleKey } from "../../../src/schedule-id.ts";
import type { ScheduleSettings } from "../../../src/scheduler/schedules-of.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, scheduleOf } from "./schedule-under-test.ts";
import { Simulation } from "./simulation.ts";

const FROM = Date.parse("2018-01-01T00:00Z");
const YEARS = 10;

const ZONES = [
  "Europe/Berlin",
  "America/Sao_Paulo",
  "Africa/Cairo",
  "Australia/Lord_Howe",
  "America/Havana",
  "Asia/Tehran",
  "America/New_York",
  "Asia/Beirut",
  "Africa/Casablanca",
  "Pacific/Chatham",
  "America/Santiago",
];
const EXPRESSIONS = ["30 0,2 * * *", "15 */8 * * *", "0 0 * * *", "45 1 * * sun", "10 */5 1-7 * mon"];
const MISSED = ["skip", "once"] as const;
const OVERLAP = ["allow", "skip", "queue"] as const;

const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);

/** A small generator, so that a failure can be repeated by its seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function settingsOf(seed: number): Partial<ScheduleSettings> {
  return {
    expression: EXPRESSIONS[seed % EXPRESSIONS.length]!,
    timezone: ZONES[seed % ZONES.length]!,
    missed: MISSED[seed % MISSED.length]!,
    overlap: OVERLAP[seed % OVERLAP.length]!,
    jitterMs: seed % 4 === 0 ? 20 * MINUTE_MS : 0,
  };
}

/** Ten years of a daemon that is restarted, of a machine that sleeps, and of sessions that last. */
function live(seed: number, simulation: Simulation, wanders: boolean): number {
  const random = randomOf(seed);
  let now = FROM;
  simulation.start(now);
  const end = FROM + YEARS * 365 * DAY_MS;
  while (now < end) {
    simulation.isBusy = random(3) === 0;
    const event = random(100);
    if (event < 90)
      now = Math.max(now, Math.min(simulation.nextDueMs + random(2) * random(60_000), now + 40 * DAY_MS));
    else if (event < 94) now += random(3 * DAY_MS);
    else if (event < 95) now += random(40 * DAY_MS);
    else if (wanders && event < 97) now -= random(2 * DAY_MS);
    else now += random(HOUR_MS);
    if (event % 7 === 0) simulation.start(now);
    else simulation.look(now);
  }
  return now;
}

/** The instants that are skipped, by the spans that events name. */
function skipped(simulation: Simulation): { from: number; until: number }[] {
  return simulation.written.flatMap((event) =>
    event.event === "skipped"
      ? [{ from: Date.parse(event.scheduled_timestamp), until: Date.parse(event.until_timestamp) }]
      : [],
  );
}

describe("a schedule over ten years", () => {
  it.each(SEEDS)("fires or skips each instant, with a reason, and never both (seed %d)", (seed) => {
    const schedule = scheduleOf(settingsOf(seed));
    const simulation = new Simulation(schedule);
    const end = live(seed, simulation, false);
    const fired = new Set(simulation.fired);
    expect(fired.size).toBe(simulation.fired.length);
    expect(fired.size).toBeGreaterThan(50);
    const spans = skipped(simulation);
    const waiting = simulation.states.get(scheduleKey(schedule))?.waitingMs;
    const astray: string[] = [];
    let span = 0;
    const last = simulation.nextDueMs;
    for (
      let instant = schedule.timetable.next(FROM - 1);
      instant < Math.min(end, last) - 20 * MINUTE_MS;
      instant = schedule.timetable.next(instant)
    ) {
      while (span < spans.length && spans[span]!.until < instant) span += 1;
      const isSkipped = span < spans.length && spans[span]!.from <= instant;
      const ways = Number(fired.has(instant)) + Number(isSkipped) + Number(waiting === instant);
      if (ways !== 1) astray.push(`${new Date(instant).toISOString()} ${ways}`);
    }
    expect(astray).toEqual([]);
  });

  it.each(SEEDS)(
    "never fires an instant twice, though clocks are set back and daemons restarted (seed %d)",
    (seed) => {
      const simulation = new Simulation(scheduleOf(settingsOf(seed)));
      live(1_000 + seed, simulation, true);
      expect(simulation.fired.length).toBeGreaterThan(50);
      expect(simulation.fired.length).toBe(new Set(simulation.fired).size);
    },
  );
});
