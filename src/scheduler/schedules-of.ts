import { Every, type Instants, Once, type When } from "./instants.ts";
import type { Schedule } from "./planner.ts";
import { Timetable } from "./timetable.ts";
import { WallTimes } from "./wall-times.ts";
import { Zone } from "./zone.ts";

/** A profile's settings for one of its schedules. */
export type ScheduleSettings = Omit<Schedule, "zone" | "timetable"> & {
  readonly when: When;
  /** Name of a zone of the IANA database. */
  readonly timezone: string;
};

/** Schedules from what profiles say; those with the same zone or expression share what is behind it. */
export function schedulesOf(settings: readonly ScheduleSettings[]): Schedule[] {
  const zoneOf = once((name) => new Zone(name));
  const wallsOf = once((expression) => new WallTimes(expression));
  const instantsOf = (when: When, zone: Zone): Instants => {
    if ("cron" in when) return new Timetable(wallsOf(when.cron), zone);
    return "everyMs" in when ? new Every(when.everyMs) : new Once(when.atMs);
  };
  return settings.map(({ timezone, when, ...rest }) => {
    const zone = zoneOf(timezone);
    return { ...rest, zone, timetable: instantsOf(when, zone) };
  });
}

function once<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const value = made.get(name) ?? make(name);
    made.set(name, value);
    return value;
  };
}
