import { CronExpressionParser } from "cron-parser";
import { describe, expect, it } from "vitest";
import { WallTimes } from "../../../src/scheduler/wall-times.ts";
import { Zone } from "../../../src/scheduler/zone.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, scheduleOf } from "./schedule-under-test.ts";

const FROM = Date.parse("2016-01-01T00:00Z");
const YEARS = 10;

/** Zones that have changed their clocks in those years: by an hour, by half an hour, at midnight, by decree. */
const ZONES = [
  "Europe/Berlin",
  "Europe/Lisbon",
  "Europe/London",
  "America/New_York",
  "America/Sao_Paulo",
  "America/Havana",
  "America/Santiago",
  "America/Asuncion",
  "America/Caracas",
  "America/Scoresbysund",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Africa/Juba",
  "Asia/Beirut",
  "Asia/Tehran",
  "Asia/Amman",
  "Asia/Gaza",
  "Asia/Pyongyang",
  "Asia/Almaty",
  "Australia/Lord_Howe",
  "Australia/Adelaide",
  "Pacific/Apia",
  "Pacific/Auckland",
  "Pacific/Chatham",
  "Pacific/Easter",
  "Pacific/Norfolk",
  "Antarctica/Troll",
];

const EXPRESSIONS = [
  "* * * * *",
  "*/7 * * * *",
  "30 * * * *",
  "0 0 * * *",
  "30 0,1,2,3 * * *",
  "*/10 0-4 * * *",
  "59 23 * * *",
  "45 1-2,23 * * sun",
];

/** The instants at which a zone's clocks change. */
function changesOf(zone: Zone): number[] {
  const changes: number[] = [];
  for (let hour = FROM; hour < FROM + YEARS * 365 * DAY_MS; hour += 12 * HOUR_MS) {
    if (zone.offsetMs(hour) === zone.offsetMs(hour + 12 * HOUR_MS)) continue;
    let change = hour;
    while (zone.offsetMs(change) === zone.offsetMs(hour)) change += MINUTE_MS;
    changes.push(change);
  }
  return changes;
}

/** The instants of an expression around a change of the clocks, slowly: minute by minute, each looked at by itself. */
function slowly(expression: string, zone: Zone, changeMs: number, fromMs: number, toMs: number): number[] {
  const { fields } = CronExpressionParser.parse(expression);
  const isNamed = (wallMs: number): boolean => {
    const date = new Date(wallMs);
    return (
      fields.minute.values.includes(date.getUTCMinutes() as never) &&
      fields.hour.values.includes(date.getUTCHours() as never) &&
      fields.dayOfWeek.values.includes(date.getUTCDay() as never)
    );
  };
  const isEveryHour = fields.hour.values.length === 24;
  const [before, after] = [zone.offsetMs(changeMs - 1), zone.offsetMs(changeMs)];
  const instants = new Set<number>();
  const seen = new Set<number>();
  for (let instant = fromMs; instant <= toMs; instant += MINUTE_MS) {
    const wall = instant + (instant < changeMs ? before : after);
    if (isNamed(wall) && (isEveryHour || !seen.has(wall))) instants.add(instant);
    seen.add(wall);
  }
  for (let wall = changeMs + before; wall < changeMs + after && !isEveryHour; wall += MINUTE_MS) {
    if (isNamed(wall)) instants.add(wall - before);
  }
  return [...instants].sort((a, b) => a - b);
}

describe("a timetable over ten years", () => {
  it.each(ZONES)("has around each change of the clocks the instants that a slow search finds: %s", (name) => {
    const zone = new Zone(name);
    const changes = changesOf(zone);
    expect(changes.length).toBeGreaterThan(0);
    for (const [index, change] of changes.entries()) {
      const expression = EXPRESSIONS[index % EXPRESSIONS.length]!;
      const { timetable } = scheduleOf({ expression, timezone: name });
      const [from, to] = [change - 5 * HOUR_MS, change + 5 * HOUR_MS];
      const found: number[] = [];
      for (let next = timetable.next(from - 1); next <= to; next = timetable.next(next)) found.push(next);
      expect({ expression, change, found }).toEqual({
        expression,
        change,
        found: slowly(expression, zone, change, from, to),
      });
    }
  });

  it.each([
    "*/7 3-5 * * *",
    "0 0 29 2 *",
    "15 4 13 * fri",
    "59 23 31 1,3-12/2 *",
    "0 12 1-7 * mon-fri",
    "5 5 * 2 sun",
  ])("walks through an expression as cron-parser does where no clock changes: %s", (expression) => {
    const walls = new WallTimes(expression);
    const parser = CronExpressionParser.parse(expression, { currentDate: new Date(FROM), tz: "UTC" });
    let wall = FROM;
    for (let step = 0; step < 300 && wall < FROM + 40 * 365 * DAY_MS; step += 1) {
      wall = walls.next(wall);
      expect(new Date(wall)).toEqual(parser.next().toDate());
    }
  });
});
