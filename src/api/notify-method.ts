/** What the daemon says about targets of notifications, and about sinks of events. */
import * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import { text } from "./params.ts";

/** How a target is. */
export const notifyStateSchema = z.strictObject({
  name: z.string(),
  /** `command`, or the format of what is posted. */
  via: z.enum(["command", "standard", "slack", "ntfy", "ping"]),
  /** `failing`: the last try failed; `off`: its receiver wants no more. */
  state: z.enum(["ok", "failing", "off"]),
  /** How many messages have not arrived yet. */
  pending: z.int().min(0),
  /** When one last arrived; null: none has yet. */
  delivered_timestamp: z.iso.datetime().nullable(),
  /** When the last try failed; null where it did not. */
  failed_timestamp: z.iso.datetime().nullable(),
  why: z.string().nullable(),
});

export type NotifyState = z.infer<typeof notifyStateSchema>;

/** How a sink is. */
export const sinkStateSchema = z.strictObject({
  /** Its file, its address without a path, the name of its address, or `journald`. */
  name: z.string(),
  /** How many events it has not got yet. */
  behind: z.int().min(0),
  /** Why it took none at the last try; null where it did. */
  why: z.string().nullable(),
});

const TEST_ERRORS: readonly ErrorCode[] = ["unknown_target"];

export const NOTIFY_TEST_METHOD = {
  summary: "Sends a message to a target of notifications, and says what came of it.",
  waits: true,
  changes: true,
  params: z.strictObject({ name: text(100) }),
  result: z.strictObject({
    delivered: z.boolean(),
    /** Why it did not arrive; null when it did. */
    why: z.string().nullable(),
  }),
  errors: TEST_ERRORS,
};
