/** The methods for sessions that are kept after their end. */
import * as z from "zod";
import { command, containerCommandSchema } from "./container-command.ts";
import { session, text } from "./params.ts";

const ERRORS = [
  "unknown_session",
  "ambiguous_session",
  "record_unusable",
  "session_not_kept",
  "state_unusable",
] as const;

const ENGINE_ERRORS = ["engine_unavailable", "engine_timeout", "engine_failed"] as const;

/** As `enter` has answered. */
const container = text(100);

export const KEPT_METHODS = {
  enter: {
    summary:
      "Makes a container from what is kept of a session, in which the client is about to start a command, and notes that in the record.",
    changes: true,
    params: z.strictObject({
      session,
      command,
      /** Whether it gets a terminal. */
      tty: z.boolean(),
    }),
    result: containerCommandSchema,
    errors: [
      ...ERRORS,
      ...ENGINE_ERRORS,
      "container_missing",
      "container_weaker",
      "mount_invalid",
      "methodology_invalid",
      "signing_key_unusable",
      "chain_unusable",
    ],
  },
  stay: {
    summary:
      "Attends what `enter` made: without, it is gone after a minute. Answers when it is gone; it is removed when the client is.",
    waits: true,
    changes: true,
    params: z.strictObject({ container }),
    result: z.strictObject({}),
    errors: [],
  },
  leave: {
    summary: "Removes what `enter` made.",
    changes: true,
    params: z.strictObject({ container }),
    result: z.strictObject({}),
    errors: [],
  },
  remove: {
    summary: "Removes what is kept of a session; its record stays.",
    changes: true,
    params: z.strictObject({
      session,
      /** Whether it is taken away from those who have entered it. */
      force: z.boolean(),
    }),
    result: z.strictObject({
      session_id: z.string(),
      /** What it took. */
      bytes: z.int(),
    }),
    errors: [...ERRORS, "session_entered", "teardown_failed", "signing_key_unusable", "chain_unusable"],
  },
} as const;
