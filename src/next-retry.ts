/** The session that tries another one again, while it waits for its time. */
import * as z from "zod";

export const nextRetrySchema = z.strictObject({
  /** Which try it is, from 1. */
  number: z.int(),
  /** When it starts. */
  due_timestamp: z.iso.datetime(),
});

export type NextRetry = z.infer<typeof nextRetrySchema>;
