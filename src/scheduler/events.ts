/**
 * What happens to schedules, one event a line in `schedules.jsonl`. `docs/json.md` describes them for who reads the
 * file.
 */
import * as z from "zod";

/** Why an instant fired. */
export const FIRE_REASONS = {
  due: "it was due",
  made_up: 'it was missed and started late (missed = "once")',
  waited: 'the previous run had ended (overlap = "queue")',
} as const;

/** Why instants were skipped. */
export const SKIP_REASONS = {
  missed: "agentd was not running, the machine slept, or its clock jumped",
  too_late: "it was missed longer ago than catchup_window",
  overlap: 'the previous run had not ended (overlap = "skip")',
  queue_full: 'another run was already queued (overlap = "queue")',
  refused: "the daemon refused the run",
  unscheduled: "the profile's schedule was removed while the run was queued",
} as const;

export type FireReason = keyof typeof FIRE_REASONS;
export type SkipReason = keyof typeof SKIP_REASONS;

const instant = z.iso.datetime();
const fireReason = z.enum(Object.keys(FIRE_REASONS) as FireReason[]);
const skipReason = z.enum(Object.keys(SKIP_REASONS) as SkipReason[]);

/** Events of one kind; `time` is when the line was written, `seq` counts them over all files. */
function eventSchema<K extends string, F extends z.ZodRawShape>(event: K, fields: F) {
  return z.object({
    time: instant,
    // Older versions did not count.
    seq: z.int().min(0).optional(),
    event: z.literal(event),
    profile: z.string(),
    ...fields,
  });
}

const lastRunSchema = z.object({ scheduled_timestamp: instant, session_id: z.string(), delay_ms: z.int() });

const lastSkipSchema = z.object({
  time: instant,
  scheduled_timestamp: instant,
  until_timestamp: instant,
  reason: skipReason,
  why: z.string(),
});

const schemas = [
  /** From now on the schedule is followed: no earlier instant counts as missed. */
  eventSchema("watching", { schedule: z.string(), timezone: z.string() }),
  /** The profile has no schedule any more. */
  eventSchema("unwatched", {}),
  /** A run is about to be requested: this instant never fires again. */
  eventSchema("firing", { scheduled_timestamp: instant, reason: fireReason, why: z.string() }),
  /** The run has been accepted as this session. */
  eventSchema("fired", { ...lastRunSchema.shape }),
  /** The run waits for the one before it to end. */
  eventSchema("waiting", { scheduled_timestamp: instant }),
  /** All undecided instants of the schedule from one to another. */
  eventSchema("skipped", lastSkipSchema.omit({ time: true }).shape),
  /** All that earlier events left behind; they are in the file before this one, if anywhere. */
  eventSchema("state", {
    watched: z.object({ schedule: z.string(), timezone: z.string() }).nullable(),
    cursor: instant,
    spans: z.array(z.object({ from: instant, to: instant })),
    is_span_open: z.boolean(),
    unsettled: z.array(instant),
    waiting: instant.nullable(),
    last_run: lastRunSchema.nullable(),
    last_skip: lastSkipSchema.nullable(),
  }),
] as const;

export const scheduleEventSchema = z.discriminatedUnion("event", schemas);

export type ScheduleEvent = z.infer<typeof scheduleEventSchema>;
export type StateEvent = Extract<ScheduleEvent, { event: "state" }>;
export type LastRun = z.infer<typeof lastRunSchema>;
export type LastSkip = z.infer<typeof lastSkipSchema>;
/** An event that has not been written yet: the log adds time and number. */
export type NewEvent = ScheduleEvent extends infer E
  ? E extends unknown
    ? Omit<E, "time" | "seq">
    : never
  : never;

/** An instant as events write it. */
export function timestampOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Instants of a profile were skipped. @param why default: what the reason means. */
export function skipEvent(
  profile: string,
  instantMs: number,
  untilMs: number,
  reason: SkipReason,
  why: string = SKIP_REASONS[reason],
): NewEvent {
  const [scheduled_timestamp, until_timestamp] = [timestampOf(instantMs), timestampOf(untilMs)];
  return { event: "skipped", profile, scheduled_timestamp, until_timestamp, reason, why };
}

/** An instant of a profile is about to fire. */
export function fireEvent(profile: string, instantMs: number, reason: FireReason): NewEvent {
  const scheduled_timestamp = timestampOf(instantMs);
  return { event: "firing", profile, scheduled_timestamp, reason, why: FIRE_REASONS[reason] };
}
