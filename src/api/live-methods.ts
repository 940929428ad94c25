/** The methods for a session whose command runs. */
import * as z from "zod";
import { sessionLlmSchema, sessionViewSchema, SHOWN_STATES } from "../session-document.ts";
import { command, containerCommandSchema } from "./container-command.ts";
import { session } from "./params.ts";

const ERRORS = ["unknown_session", "ambiguous_session", "record_unusable", "session_not_running"] as const;

const ENGINE_ERRORS = ["engine_unavailable", "engine_timeout", "engine_failed"] as const;

/** The most processes that an answer has. */
export const MAX_PROCESSES = 500;

/** The most sessions that can be named at once. */
const MAX_SESSIONS = 1000;

const processSchema = z.strictObject({
  /** Its number in the session. */
  pid: z.int(),
  host_pid: z.int(),
  /** The kernel's letter, such as `R` (runs), `S` (sleeps), `T` (stopped) or `Z` (has ended). */
  state: z.string(),
  threads: z.int(),
  cpu_seconds: z.number(),
  /** Resident memory, shared pages included. */
  memory_bytes: z.int(),
  age_seconds: z.number(),
  /** Its command line, which the session has written. */
  command: z.string(),
});

const statsSchema = z.strictObject({
  session_id: z.string(),
  profile: z.string(),
  state: z.enum(SHOWN_STATES),
  /** Processor time since its start; null, as the next ones, where its command does not run, or nobody knows. */
  cpu_seconds: z.number().nullable(),
  memory_bytes: z.int().nullable(),
  /** Processes and threads. */
  pids: z.int().nullable(),
  /** Of the profile; null for none. */
  memory_limit_bytes: z.int().nullable(),
  pids_limit: z.int(),
  /** At the last look, which may be a minute old; null where the profile has no bound. */
  disk_bytes: z.int().nullable(),
  disk_limit_bytes: z.int().nullable(),
  /** Null where it uses no language models through the gateway. */
  llm: sessionLlmSchema.nullable(),
  /** When it printed something last; null: it has not. */
  last_output_timestamp: z.iso.datetime().nullable(),
});

export const LIVE_METHODS = {
  exec: {
    summary: "Journals a command that the client is about to start in a session's container, and says how.",
    changes: true,
    params: z.strictObject({
      session,
      command,
      /** Whether it gets the session's credentials. */
      credentials: z.boolean(),
      /** Whether it gets a terminal. */
      tty: z.boolean(),
    }),
    result: containerCommandSchema,
    errors: [...ERRORS, "credential_unset", "credential_invalid", "state_unusable"],
  },
  pause: {
    summary: "Has a session stand still whose command runs; its deadline does, too.",
    changes: true,
    params: z.strictObject({ session }),
    result: sessionViewSchema,
    errors: [...ERRORS, "pause_refused", "pause_failed", ...ENGINE_ERRORS],
  },
  resume: {
    summary: "Has a paused session go on.",
    changes: true,
    params: z.strictObject({ session }),
    result: sessionViewSchema,
    errors: [...ERRORS, "pause_failed", ...ENGINE_ERRORS],
  },
  top: {
    summary: "Shows the processes of a session whose command runs.",
    params: z.strictObject({ session }),
    result: z.strictObject({
      session_id: z.string(),
      /** By their numbers; the first of them, see `total`. */
      processes: z.array(processSchema).max(MAX_PROCESSES),
      total: z.int(),
    }),
    errors: [...ERRORS, ...ENGINE_ERRORS],
  },
  stats: {
    summary: "Shows what sessions use now whose commands run.",
    params: z.strictObject({
      /** Default: all. */
      sessions: z.array(session).max(MAX_SESSIONS).optional(),
    }),
    result: z.strictObject({
      /** Of the daemon's clock, in milliseconds: the difference of two answers is the time between them. */
      sampled_ms: z.number(),
      sessions: z.array(statsSchema),
    }),
    errors: ["unknown_session", "ambiguous_session", "record_unusable"],
  },
} as const;

export type SessionStats = z.output<typeof statsSchema>;
export type ProcessView = z.output<typeof processSchema>;
