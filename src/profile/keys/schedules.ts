/** The schedules of a profile that have tables of their own: several of them, each with what its runs are given. */
import * as z from "zod";
import { DEFAULT_SCHEDULE } from "../../schedule-id.ts";
import { refFault } from "../../workspace/repository-url.ts";
import { cronFault } from "../rules/cron-expression.ts";
import { durationMs, graceMs } from "../rules/durations.ts";
import {
  always,
  type Context,
  duration,
  grace,
  isTable,
  namesAreUnique,
  rule,
} from "../rules/field-rules.ts";
import { profileRequestFault, workUnitRule } from "../rules/run-texts.ts";
import { key, parsed, shown } from "./key.ts";

const MISSED = z.enum(["skip", "once"]);
const OVERLAPS = z.enum(["allow", "skip", "queue"]);

const MOST_SCHEDULES = 100;

/** Shorter, and the scheduler's own naps would be longer than the distance between two runs. */
const LEAST_EVERY_MS = 60_000;

const NAME_RULE = "must be 1 to 32 of a-z, 0-9, _ and -, starting with a letter or digit";

const KINDS = ["cron", "every", "at"] as const;

const optionalText = z.string().optional();

/** One of `cron`, `every` and `at`, as it is written. */
const keptSchedule = z
  .strictObject({
    name: z.string(),
    cron: optionalText,
    every: optionalText,
    at: optionalText,
    /** Undefined: the daemon's. */
    timezone: optionalText,
    missed: MISSED,
    catchupWindowMs: z.number(),
    overlap: OVERLAPS,
    jitterMs: z.number(),
    request: optionalText,
    ref: optionalText,
    workUnit: optionalText,
  })
  .readonly();

const writtenSchedule = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, NAME_RULE)
      .refine(
        (name) => name !== DEFAULT_SCHEDULE,
        `${JSON.stringify(DEFAULT_SCHEDULE)} is the name of the schedule that the key schedule sets`,
      )
      .describe("Name of the schedule, unique in the profile."),
    cron: z
      .string()
      .superRefine(rule(cronFault))
      .optional()
      .describe("When to run: a cron expression with five fields. One of cron, every and at is required."),
    every: duration()
      .refine((text) => (durationMs(text) ?? LEAST_EVERY_MS) >= LEAST_EVERY_MS, "must be at least 1m")
      .optional()
      .describe("How often to run, counted from 1970-01-01T00:00:00Z, not from the end of a run."),
    at: z.iso
      .datetime({
        offset: true,
        error: 'must be a time with seconds and an offset, in quotes: "2026-12-24T06:00:00+01:00"',
      })
      .optional()
      .describe("When to run once: a time with its offset from UTC."),
    timezone: z
      .string()
      .optional()
      .describe("Time zone of cron, and in which times are shown. Default: the profile's."),
    missed: MISSED.optional().describe(
      'What to do with missed runs. Default: the profile\'s; with at `"once"`.',
    ),
    catchup_window: duration()
      .optional()
      .describe("Maximum age of a missed run that is still started. Default: the profile's."),
    overlap: OVERLAPS.optional().describe(
      "What to do if this schedule's previous session has not ended. Default: the profile's.",
    ),
    jitter: grace().optional().describe("Maximum delay of a run. Default: the profile's."),
    request: z
      .string()
      .superRefine(rule(profileRequestFault))
      .optional()
      .describe("What the session is asked to do. Default: the profile's."),
    ref: z
      .string()
      .superRefine(rule(refFault))
      .optional()
      .describe("Branch, tag or commit to check out. Default: the profile's."),
    work_unit: z.string().superRefine(rule(workUnitRule)).optional().describe("Work unit of the sessions."),
  })
  .superRefine(exactlyOneKind, always);

type Written = z.output<typeof writtenSchedule>;
type ScheduleKept = z.output<typeof keptSchedule>;

/** What a schedule takes from its profile where it has no value of its own, as it is written. */
interface Inherited {
  readonly timezone?: string | undefined;
  readonly missed: ScheduleKept["missed"];
  readonly catchup_window: string;
  readonly overlap: ScheduleKept["overlap"];
  readonly jitter: string;
}

export const SCHEDULES = {
  schedules: shown(
    "schedules",
    key(
      "schedules",
      z
        .array(writtenSchedule)
        .max(MOST_SCHEDULES, `must not be more than ${MOST_SCHEDULES} schedules`)
        .superRefine(namesAreUnique("another schedule of this profile already has this name"), always)
        .default([])
        .describe("Further schedules of the profile, each with a name."),
      z.array(keptSchedule).readonly().default([]),
      (written, _fromFile, { profile }) =>
        written.map((each) => toSchedule(each, profile as unknown as Inherited)),
    ),
  ),
};

function toSchedule(written: Written, profile: Inherited): ScheduleKept {
  return {
    name: written.name,
    cron: written.cron,
    every: written.every,
    at: written.at,
    timezone: written.timezone ?? profile.timezone,
    // What is to happen once, and is missed, would never happen.
    missed: written.missed ?? (written.at === undefined ? profile.missed : "once"),
    catchupWindowMs: parsed(written.catchup_window ?? profile.catchup_window, durationMs),
    overlap: written.overlap ?? profile.overlap,
    jitterMs: parsed(written.jitter ?? profile.jitter, graceMs),
    request: written.request,
    ref: written.ref,
    workUnit: written.work_unit,
  };
}

function exactlyOneKind(schedule: unknown, context: Context): void {
  if (!isTable(schedule) || KINDS.filter((kind) => schedule[kind] !== undefined).length === 1) return;
  context.addIssue({ code: "custom", message: "must have exactly one of cron, every and at" });
}
