import type { Params, Result } from "../api/methods.ts";
import type { ScheduleView } from "../api/schedule-view.ts";
import { scheduleKey } from "../schedule-id.ts";
import type { Entry } from "./agenda.ts";
import { type LastRun, timestampOf } from "./events.ts";
import { nextInstants } from "./planner.ts";

/** The limit on next runs in a page, unless those of one schedule are more. */
const MAX_RUNS = 2_000;

/** What is known of a session now; all null when its record is gone. */
export type SessionEnd = Pick<NonNullable<ScheduleView["last_run"]>, "state" | "outcome" | "exit_code">;

/**
 * A page of schedules, as they are shown.
 *
 * @param entries all of them, in order.
 * @param endOf looks a session up.
 */
export async function schedulePage(
  entries: readonly Entry[],
  { profile, count, after }: Params<"schedule">,
  endOf: (sessionId: string) => Promise<SessionEnd>,
): Promise<Omit<Result<"schedule">, "retries">> {
  const wanted =
    profile === undefined ? entries : entries.filter(({ schedule }) => schedule.profile === profile);
  const start =
    after === undefined ? 0 : wanted.findIndex(({ schedule }) => scheduleKey(schedule) === after) + 1;
  const end = start + Math.max(1, Math.floor(MAX_RUNS / count));
  const schedules = await Promise.all(wanted.slice(start, end).map((entry) => viewOf(entry, count, endOf)));
  return { schedules, more: end < wanted.length };
}

/** @param count how many of the next runs. */
export async function viewOf(
  { schedule, state, upcoming }: Entry,
  count: number,
  endOf: (sessionId: string) => Promise<SessionEnd>,
): Promise<ScheduleView> {
  const localTime = (timestamp: string): string => schedule.zone.localTime(Date.parse(timestamp));
  const { lastRun, lastSkip, waitingMs, paused } = state;
  return {
    profile: schedule.profile,
    name: schedule.name,
    schedule: schedule.expression,
    timezone: schedule.zone.name,
    missed: schedule.missed,
    catchup_window_ms: schedule.catchupWindowMs,
    overlap: schedule.overlap,
    jitter_ms: schedule.jitterMs,
    last_run: lastRun === undefined ? null : await lastRunOf(lastRun, localTime, endOf),
    last_skip:
      lastSkip === undefined
        ? null
        : {
            scheduled_timestamp: lastSkip.scheduled_timestamp,
            local_time: localTime(lastSkip.scheduled_timestamp),
            until_timestamp: lastSkip.until_timestamp,
            reason: lastSkip.reason,
            why: lastSkip.why,
          },
    paused:
      paused === undefined
        ? null
        : {
            since_timestamp: timestampOf(paused.sinceMs),
            until_timestamp: Number.isFinite(paused.untilMs) ? timestampOf(paused.untilMs) : null,
          },
    waiting_timestamp: waitingMs === undefined ? null : timestampOf(waitingMs),
    next_runs: nextInstants(schedule, state, upcoming, count).map(({ instantMs, dueMs }) => ({
      scheduled_timestamp: timestampOf(instantMs),
      local_time: schedule.zone.localTime(instantMs),
      due_timestamp: timestampOf(dueMs),
    })),
  };
}

async function lastRunOf(
  { scheduled_timestamp, session_id, delay_ms }: LastRun,
  localTime: (timestamp: string) => string,
  endOf: (sessionId: string) => Promise<SessionEnd>,
): Promise<ScheduleView["last_run"]> {
  const end = await endOf(session_id);
  return { scheduled_timestamp, local_time: localTime(scheduled_timestamp), delay_ms, session_id, ...end };
}
