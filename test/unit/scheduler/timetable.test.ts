import { describe, expect, it } from "vitest";
import { scheduleOf } from "./schedule-under-test.ts";

/** The first instants after one, as clocks of the zone show them. */
function shown(expression: string, timezone: string, after: string, count: number): string[] {
  const { timetable, zone } = scheduleOf({ expression, timezone });
  const list: string[] = [];
  for (let instant = Date.parse(after); list.length < count;) {
    instant = timetable.next(instant);
    list.push(zone.localTime(instant).replace(/:00\.000/, ""));
  }
  return list;
}

describe("a timetable", () => {
  it.each([
    [
      "month ends",
      "0 0 31 * *",
      "2026-01-31T00:00Z",
      ["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"],
    ],
    ["a leap day", "0 0 29 2 *", "2026-01-01T00:00Z", ["2028-02-29", "2032-02-29"]],
    ["a century without a leap day", "0 0 29 2 *", "2096-03-01T00:00Z", ["2104-02-29", "2108-02-29"]],
    [
      "one of the two where both days are restricted",
      "0 0 13 * fri",
      "2026-11-10T00:00Z",
      ["2026-11-13", "2026-11-20", "2026-11-27", "2026-12-04", "2026-12-11", "2026-12-13"],
    ],
    ["the day of the week alone", "0 0 * * 7", "2026-11-10T00:00Z", ["2026-11-15", "2026-11-22"]],
    ["the day of the month alone", "0 0 1,15 * *", "2026-11-10T00:00Z", ["2026-11-15", "2026-12-01"]],
    ["the last day of a year", "0 0 31 12 *", "2026-11-10T00:00Z", ["2026-12-31", "2027-12-31"]],
  ])("keeps %s", (_what, expression, after, days) => {
    expect(shown(expression, "UTC", after, days.length)).toEqual(days.map((day) => `${day}T00:00+00:00`));
  });

  it("goes on after an instant, not with it", () => {
    expect(shown("*/20 8-9 * * *", "UTC", "2026-11-10T08:40Z", 3)).toEqual([
      "2026-11-10T09:00+00:00",
      "2026-11-10T09:20+00:00",
      "2026-11-10T09:40+00:00",
    ]);
    expect(shown("*/20 8-9 * * *", "UTC", "2026-11-10T09:39:59.999Z", 2)).toEqual([
      "2026-11-10T09:40+00:00",
      "2026-11-11T08:00+00:00",
    ]);
  });

  it.each([
    [
      "Europe/Berlin",
      "30 2 * * *",
      "2026-03-28T02:00Z",
      ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"],
    ],
    ["Europe/Berlin", "0 2 * * *", "2026-03-28T02:00Z", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]],
    [
      "America/New_York",
      "30 2 * * *",
      "2027-03-13T12:00Z",
      ["2027-03-14T03:30-04:00", "2027-03-15T02:30-04:00"],
    ],
    [
      "Australia/Lord_Howe",
      "10 2 * * *",
      "2026-10-03T00:00Z",
      ["2026-10-04T02:40+11:00", "2026-10-05T02:10+11:00"],
    ],
    [
      "America/Sao_Paulo",
      "0 0 * * *",
      "2018-11-03T12:00Z",
      ["2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00"],
    ],
    [
      "America/Sao_Paulo",
      "30 0 * * *",
      "2018-11-03T12:00Z",
      ["2018-11-04T01:30-02:00", "2018-11-05T00:30-02:00"],
    ],
    ["Africa/Cairo", "0 0 * * *", "2026-04-23T12:00Z", ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"]],
    ["Asia/Beirut", "15 0 * * *", "2026-03-28T12:00Z", ["2026-03-29T01:15+03:00", "2026-03-30T00:15+03:00"]],
    [
      "America/Havana",
      "0 0 * * *",
      "2026-03-07T12:00Z",
      ["2026-03-08T01:00-04:00", "2026-03-09T00:00-04:00"],
    ],
    // Samoa went without 30 December 2011.
    [
      "Pacific/Apia",
      "0 12 30 12 *",
      "2011-12-01T00:00Z",
      ["2011-12-31T12:00+14:00", "2012-12-30T12:00+14:00"],
    ],
  ])("shifts what clocks skip: %s, %s", (timezone, expression, after, instants) => {
    expect(shown(expression, timezone, after, instants.length)).toEqual(instants);
  });

  it("has one instant where a shifted wall time and another one meet", () => {
    expect(shown("30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00Z", 3)).toEqual([
      "2026-03-29T03:30+02:00",
      "2026-03-30T02:30+02:00",
      "2026-03-30T03:30+02:00",
    ]);
    expect(shown("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00Z", 3)).toEqual([
      "2011-12-29T12:00-10:00",
      "2011-12-31T12:00+14:00",
      "2012-01-01T12:00+14:00",
    ]);
  });

  it("puts shifted wall times in order among the others", () => {
    expect(shown("0,30 2,3 * * *", "Australia/Lord_Howe", "2026-10-03T12:00Z", 4)).toEqual([
      "2026-10-04T02:30+11:00",
      "2026-10-04T03:00+11:00",
      "2026-10-04T03:30+11:00",
      "2026-10-05T02:00+11:00",
    ]);
  });

  it.each([
    [
      "Europe/Berlin",
      "30 2 * * *",
      "2026-10-24T12:00Z",
      ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
    ],
    [
      "America/New_York",
      "30 1 * * *",
      "2026-10-31T12:00Z",
      ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
    ],
    [
      "Australia/Lord_Howe",
      "45 1 * * *",
      "2027-04-03T00:00Z",
      ["2027-04-04T01:45+11:00", "2027-04-05T01:45+10:30"],
    ],
    [
      "America/Sao_Paulo",
      "30 23 * * *",
      "2019-02-16T12:00Z",
      ["2019-02-16T23:30-02:00", "2019-02-17T23:30-03:00"],
    ],
    [
      "Africa/Cairo",
      "30 23 * * *",
      "2026-10-29T12:00Z",
      ["2026-10-29T23:30+03:00", "2026-10-30T23:30+02:00"],
    ],
    [
      "America/Havana",
      "15 0 * * *",
      "2026-10-31T12:00Z",
      ["2026-11-01T00:15-04:00", "2026-11-02T00:15-05:00"],
    ],
    [
      "Europe/Berlin",
      "*/30 1-3 * * *",
      "2026-10-25T00:00Z",
      ["2026-10-25T02:30+02:00", "2026-10-25T03:00+01:00"],
    ],
  ])("has what clocks show twice once, the first time: %s, %s", (timezone, expression, after, instants) => {
    expect(shown(expression, timezone, after, instants.length)).toEqual(instants);
  });

  it.each([
    [
      "an hour is repeated",
      "Europe/Berlin",
      "2026-10-25T00:00Z",
      ["02:30+02:00", "02:00+01:00", "02:30+01:00", "03:00+01:00"],
    ],
    [
      "an hour is skipped",
      "Europe/Berlin",
      "2026-03-29T00:00Z",
      ["01:30+01:00", "03:00+02:00", "03:30+02:00"],
    ],
    [
      "half an hour is repeated",
      "Australia/Lord_Howe",
      "2027-04-03T14:00Z",
      ["01:30+11:00", "01:30+10:30", "02:00+10:30"],
    ],
    ["half an hour is skipped", "Australia/Lord_Howe", "2026-10-03T15:00Z", ["02:30+11:00", "03:00+11:00"]],
  ])("keeps its pace, every half hour, where %s", (_what, timezone, after, times) => {
    expect(shown("*/30 * * * *", timezone, after, times.length).map((each) => each.slice(11))).toEqual(times);
  });

  it.each([
    ["the instant itself", "2026-11-10T05:00Z", "2026-11-10T05:00Z"],
    ["one just before", "2026-11-10T05:59:59.999Z", "2026-11-10T05:00Z"],
    ["one long before", "2026-12-09T23:59Z", "2026-11-30T22:00Z"],
    ["one before a year's end", "2030-01-01T00:00Z", "2029-11-30T22:00Z"],
  ])("finds the last instant up to another: %s", (_which, until, last) => {
    const { timetable } = scheduleOf({ expression: "0 5-22 * 11 *" });
    const from = Date.parse("2026-11-01T05:00Z");
    expect(new Date(timetable.last(from, Date.parse(until)))).toEqual(new Date(last));
  });
});
