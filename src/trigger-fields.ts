/** What the document of a session says about what started it. */
import * as z from "zod";

/** What starts sessions. */
export const TRIGGERS = ["manual", "schedule", "retry", "chain", "webhook"] as const;

/** The fields besides `trigger`; all but the first two are null in records of older versions. */
export const triggerShape = {
  /** For a scheduled run: the instant of the schedule and how much later it was accepted. */
  scheduled_timestamp: z.iso.datetime().nullable(),
  delay_ms: z.int().nullable(),
  /** The schedule of the profile that started it, or the session that this one tries again; null for any other run. */
  schedule_name: z.string().nullable().default(null),
  /** Identifies a scheduled run that an operator asked for; null for any other. */
  fire_id: z.string().nullable().default(null),
  /** The failed session that this one tries again by itself; null for none. */
  retry_of: z.string().nullable().default(null),
  /** Which try it is, from 1; null where `retry_of` is. */
  retry_number: z.int().nullable().default(null),
  /** The session of another profile that this one follows in a chain; null for none. */
  after_session: z.string().nullable().default(null),
  /** The webhook of the profile that started it; null for none, and so are the two below. */
  webhook_name: z.string().nullable().default(null),
  /** The sender's id of the delivery, or one that was made for it. */
  webhook_delivery: z.string().nullable().default(null),
  /** What happened, with its action, as `issues.labeled`; null where the sender does not say. */
  webhook_event: z.string().nullable().default(null),
};

/** Of a run that a client asked for. */
export const BY_HAND = {
  scheduled_timestamp: null,
  delay_ms: null,
  schedule_name: null,
  fire_id: null,
  retry_of: null,
  retry_number: null,
  after_session: null,
  webhook_name: null,
  webhook_delivery: null,
  webhook_event: null,
} as const satisfies Record<keyof typeof triggerShape, null>;
