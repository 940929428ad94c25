/** The methods for a session whose command runs. */
import * as z from "zod";
import { sessionLlmSchema, sessionViewSchema, SHOWN_STATES } from "../session-document.ts";
import { session, text } from "./params.ts";

/** The most words that a command may have which is started beside a session's. */
const MAX_WORDS = 1000;

/** The longest of them. */
const MAX_WORD_LENGTH = 100_000;

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
