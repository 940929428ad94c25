/** The methods for a session whose command runs. */
import * as z from "zod";
import { session, text } from "./params.ts";

/** The most words that a command may have which is started beside a session's. */
const MAX_WORDS = 1000;

/** The longest of them. */
const MAX_WORD_LENGTH = 100_000;

const ERRORS = ["unknown_session", "ambiguous_session", "record_unusable", "session_not_running"] as const;

export const LIVE_METHODS = {
  exec: {
    summary: "Journals a command that the client is about to start in a session's container, and says how.",
    params: z.strictObject({
      session,
      /** Program and arguments. */
      command: z.array(text(MAX_WORD_LENGTH)).min(1).max(MAX_WORDS),
      /** Whether it gets the session's credentials. */
      credentials: z.boolean(),
      /** Whether it gets a terminal. */
      tty: z.boolean(),
    }),
    result: z.strictObject({
      session_id: z.string(),
      /** The container's id. */
      container: z.string(),
      /** What to start there: the command, or what waits for the credentials and becomes the command. */
      argv: z.array(z.string()),
      /** The socket of the Podman service that has the container; null: it is in this user's own storage. */
      podman_socket: z.string().nullable(),
      /** The variables by which `podman` finds that storage; those that are missing are not to be set. */
      podman_environment: z.record(z.string(), z.string()),
    }),
    errors: [...ERRORS, "credential_unset", "credential_invalid", "state_unusable"],
  },
} as const;
