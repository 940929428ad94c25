import type { Schedule } from "../../../src/scheduler/planner.ts";
import { type ScheduleState, UNKNOWN } from "../../../src/scheduler/schedule-state.ts";
import { type ScheduleSettings, schedulesOf } from "../../../src/scheduler/schedules-of.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A schedule of the profile `demo`: every hour in UTC with the defaults, but for what is given. */
export function scheduleOf({
  expression = "0 * * * *",
  ...settings
}: Partial<ScheduleSettings> = {}): Schedule {
  const [schedule] = schedulesOf([
    {
      profile: "demo",
      name: "default",
      expression,
      when: { cron: expression },
      timezone: "UTC",
      missed: "skip",
      catchupWindowMs: DAY_MS,
      overlap: "allow",
      jitterMs: 0,
      ...settings,
    },
  ]);
  return schedule!;
}

/** The state of a schedule that is followed and whose instants are decided up to one. */
export function decidedUpTo(timestamp: string): ScheduleState {
  const toMs = Date.parse(timestamp);
  return { ...UNKNOWN, cursorMs: toMs, spans: [{ fromMs: toMs, toMs }], isSpanOpen: true };
}
