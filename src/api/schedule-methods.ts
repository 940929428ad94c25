/** The methods about schedules: how they went, when they run next, and what an operator does to them. */
import * as z from "zod";
import { sessionViewSchema } from "../session-document.ts";
import { MAX_NEXT_RUNS } from "./limits.ts";
import { text } from "./params.ts";
import { pendingRetrySchema, scheduleViewSchema } from "./schedule-view.ts";

const ERRORS = ["unknown_profile", "unknown_schedule", "record_unusable", "state_unusable"] as const;

/** The schedules of a profile, or one of them. */
const named = {
  profile: text(1000),
  /** Default: all schedules of the profile. */
  name: text(100).optional(),
};

const one = {
  profile: text(1000),
  /** May be left out where the profile has only one. */
  name: text(100).optional(),
};

const changed = z.strictObject({ schedules: z.array(scheduleViewSchema) });

export const SCHEDULE_METHODS = {
  schedule: {
    summary: "Shows schedules: their last and next runs.",
    params: z.strictObject({
      /** Only this profile's. */
      profile: text(1000).optional(),
      /** How many of the next runs. */
      count: z.int().min(1).max(MAX_NEXT_RUNS),
      /** Those after this one: its profile and its name, with a space between. */
      after: text(1000).optional(),
    }),
    result: z.strictObject({
      schedules: z.array(scheduleViewSchema),
      /** Whether there are more of them, to be asked for with `after`. */
      more: z.boolean(),
      /** Tries of sessions that wait for their time, the next ones first; with the first page, at most 1,000. */
      retries: z.array(pendingRetrySchema),
    }),
    errors: ["unknown_profile", "record_unusable"],
  },
  schedule_pause: {
    summary: "Lets schedules fire only by hand, until they are resumed or a time has come.",
    changes: true,
    params: z.strictObject({
      ...named,
      /** When they fire again by themselves; default: never. */
      until_timestamp: z.iso.datetime().optional(),
    }),
    result: changed,
    errors: [...ERRORS, "schedule_refused"],
  },
  schedule_resume: {
    summary: "Lets paused schedules fire again.",
    changes: true,
    params: z.strictObject(named),
    result: changed,
    errors: ERRORS,
  },
  schedule_skip: {
    summary: "Skips the next run of a schedule.",
    changes: true,
    params: z.strictObject(one),
    result: changed,
    errors: [...ERRORS, "schedule_refused"],
  },
  schedule_fire: {
    summary: "Starts a run of a schedule now, besides those that it has by itself.",
    changes: true,
    params: z.strictObject({
      /** Made by the client: a second call with the same one returns the session of the first. */
      request_id: text(200).min(1),
      ...one,
    }),
    result: sessionViewSchema,
  },
} as const;
