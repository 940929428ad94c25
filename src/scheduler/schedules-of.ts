import type { Schedule } from "./planner.ts";
import { Timetable } from "./timetable.ts";
import { WallTimes } from "./wall-times.ts";
import { Zone } from "./zone.ts";

/** A profile's settings for its schedule. */
export type ScheduleSettings = Pick<
  Schedule,
  "profile" | "expression" | "missed" | "catchupWindowMs" | "overlap" | "jitterMs"
> & {
  /** Name of a zone of the IANA database. */
  readonly timezone: string;
};

/** Schedules from what profiles say; those with the same zone or expression share what is behind it. */
export function schedulesOf(settings: readonly ScheduleSettings[]): Schedule[] {
  const zoneOf = once((name) => new Zone(name));
  const wallsOf = once((expression) => new WallTimes(expression));
  return settings.map(({ timezone, ...rest }) => {
    const zone = zoneOf(timezone);
    return { ...rest, zone, timetable: new Timetable(wallsOf(rest.expression), zone) };
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
