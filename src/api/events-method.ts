import * as z from "zod";
import { feedEventSchema } from "../events/event.ts";
import { MAX_EVENTS, MAX_EVENTS_WAIT_MS } from "./limits.ts";

const seq = z.int().min(0);

/** The method `events`. */
export const EVENTS_METHOD = {
  summary: "Shows what happened after an event, and waits for it where that is nothing yet.",
  waits: "alone",
  params: z.strictObject({
    /** Number of the last event that is known; 0: from the oldest. Default: the newest. */
    after: seq.optional(),
    /** Only without `after`: begins with the events that were written at this time or later, and may give some before. */
    since_timestamp: z.iso.datetime().optional(),
    /** How many at most. */
    limit: z.int().min(1).max(MAX_EVENTS),
    /** How long to wait for the first, in milliseconds; 0: not at all. */
    wait_ms: z.int().min(0).max(MAX_EVENTS_WAIT_MS),
  }),
  result: z.strictObject({
    events: z.array(feedEventSchema),
    /** Number of the last event that the client knows now: the next `after`. */
    after: seq,
    /** Number of the oldest event that is kept: where `after` is more than one below it, some are gone. */
    oldest: seq,
    /** Number of the newest event. */
    latest: seq,
  }),
  errors: ["already_waiting", "state_unusable"],
} as const;
