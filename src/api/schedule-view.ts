/**
 * A schedule of a profile as JSON: on the wire and, with what waits beside it, for `agentd schedule --json`.
 */
import * as z from "zod";
import { nextRetrySchema } from "../next-retry.ts";
import { OUTCOMES } from "../outcome.ts";
import { SHOWN_STATES } from "../session-document.ts";

const instant = z.iso.datetime();

/** An instant of the schedule: in UTC, and as clocks in its zone show it, with their offset. */
const scheduled = { scheduled_timestamp: instant, local_time: z.iso.datetime({ offset: true }) };

export const scheduleViewSchema = z.strictObject({
  profile: z.string(),
  /** Unique in the profile; `default` for the one that is written as the key `schedule`. */
  name: z.string(),
  /** A cron expression, or `every DURATION`, or `at TIME`. */
  schedule: z.string(),
  timezone: z.string(),
  missed: z.enum(["skip", "once"]),
  catchup_window_ms: z.int(),
  overlap: z.enum(["allow", "skip", "queue"]),
  jitter_ms: z.int(),
  /** The last run that was accepted; the fields of its session are null when its record is gone. */
  last_run: z
    .strictObject({
      ...scheduled,
      delay_ms: z.int(),
      session_id: z.string(),
      state: z.enum(SHOWN_STATES).nullable(),
      outcome: z.enum(OUTCOMES).nullable(),
      exit_code: z.int().nullable(),
    })
    .nullable(),
  last_skip: z
    .strictObject({ ...scheduled, until_timestamp: instant, reason: z.string(), why: z.string() })
    .nullable(),
  /** Null when it is not; `until_timestamp` is null when nobody has said for how long. */
  paused: z.strictObject({ since_timestamp: instant, until_timestamp: instant.nullable() }).nullable(),
  /** The instant whose run waits for the end of the one before it. */
  waiting_timestamp: instant.nullable(),
  /** Fewer where the schedule ends, or is paused. */
  next_runs: z.array(z.strictObject({ ...scheduled, due_timestamp: instant })),
});

/** A session of a profile that will be tried again. */
export const pendingRetrySchema = nextRetrySchema.extend({ profile: z.string(), session_id: z.string() });

export type PendingRetry = z.infer<typeof pendingRetrySchema>;

/** As `agentd schedule --json` prints it: with the tries of the profile's sessions, whatever started those. */
export const printedScheduleSchema = scheduleViewSchema.extend({ retries: z.array(pendingRetrySchema) });

export type PrintedSchedule = z.infer<typeof printedScheduleSchema>;

export type ScheduleView = z.infer<typeof scheduleViewSchema>;
