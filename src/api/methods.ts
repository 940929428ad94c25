/**
 * The methods of the daemon: the parameters, the result and the failures of each, for any transport.
 *
 * `docs/protocol.md` describes them and a test compares the two. The client imports the types only: the
 * validator would cost it more than everything else together.
 */
import * as z from "zod";
import { MAX_ENV_BYTES, MAX_INLINE_BYTES, MAX_INPUTS } from "../input/rules.ts";
import { profileViewSchema } from "../profile/view.ts";
import { listedSessionSchema, sessionViewSchema } from "../session-document.ts";
import { EVENTS_METHOD } from "./events-method.ts";
import { FINGERPRINTS_METHOD } from "./fingerprints-method.ts";
import { KEPT_METHODS } from "./kept-methods.ts";
import { MAX_LIST_LENGTH } from "./limits.ts";
import { LIVE_METHODS } from "./live-methods.ts";
import type { MethodRecord } from "./method-record.ts";
import { NODES_METHOD } from "./nodes-method.ts";
import { NOTIFY_TEST_METHOD } from "./notify-method.ts";
import { session, text } from "./params.ts";
import { RECORD_METHODS } from "./record-methods.ts";
import { SCHEDULE_METHODS } from "./schedule-methods.ts";
import { healthSchema, statusSchema } from "./status.ts";
import { WEBHOOK_METHODS } from "./webhook-methods.ts";

const milliseconds = z.int().min(0);

const count = z.int().min(0);

const sentFile = z.strictObject({ name: text(1000), bytes: count });

/** Sessions, and the records of sessions that cannot be shown because their files cannot be read. */
const sessionListSchema = z.strictObject({
  sessions: z.array(listedSessionSchema),
  unreadable: z.array(z.strictObject({ session_id: z.string(), record: z.string(), why: z.string() })),
  /** How many match, shown or not; null when there may be more than are shown and they were not counted. */
  total: count.nullable(),
});

/** The changes that a reload of the configuration made. */
export const reloadSchema = z.strictObject({
  config_file: z.string(),
  loaded_timestamp: z.iso.datetime(),
  profiles_added: z.array(z.string()),
  profiles_changed: z.array(z.string()),
  profiles_removed: z.array(z.string()),
  /** Profiles whose schedule has begun, changed or ended. */
  schedules_changed: z.array(z.string()),
  /** Keys of `[daemon]` with a new value. */
  settings_changed: z.array(z.string()),
  /** Keys whose new value takes effect with the next start of the daemon. */
  needs_restart: z.array(z.string()),
  /** Names of the variables for credentials that have another value, for sessions that start from now on. */
  credentials_changed: z.array(z.string()),
});

/** What a run can be refused with. */
const RUN_ERRORS = [
  "unknown_profile",
  "unknown_schedule",
  "repository_required",
  "repository_unexpected",
  "repository_invalid",
  "work_unit_invalid",
  "ref_invalid",
  "request_invalid",
  "input_invalid",
  "env_invalid",
  "artifact_invalid",
  "command_incomplete",
  "methodology_invalid",
  "upload_missing",
  "disk_low",
  "daemon_stopping",
  "record_unusable",
  "state_unusable",
] as const;

export const METHODS = {
  hello: {
    summary: "Compares versions. Every client says it first.",
    // Not strict: a client of another version may send more fields, and should learn its version, not its spelling.
    params: z.object({ protocol: z.int(), version: text(100) }),
    result: z.strictObject({
      protocol: z.int(),
      version: z.string(),
      pid: z.int(),
      instance: z.string(),
    }),
    errors: ["protocol_mismatch"],
  },
  upload: {
    summary: "Keeps a piece of a file for a run to come.",
    changes: true,
    params: z.strictObject({
      /** Of the `run` that follows. */
      request_id: text(200).min(1),
      kind: z.enum(["request", "input", "artifact"]),
      /** `request.txt` for the request. */
      name: text(1000),
      /** Where the piece begins in the file, in bytes. */
      offset: count,
      /** The bytes in base64; of at most 384 KiB. */
      data: z.base64().max(512 * 1024),
    }),
    result: z.strictObject({}),
    errors: ["upload_missing", "upload_refused", "input_invalid", "disk_low", "daemon_stopping"],
  },
  run: {
    summary: "Accepts a session. It is on disk when the answer comes.",
    changes: true,
    params: z.strictObject({
      /** Made by the client: a second `run` with the same one returns the session of the first. */
      request_id: text(200).min(1),
      profile: text(1000),
      repo: text(10_000).optional(),
      ref: text(10_000).optional(),
      work_unit: text(10_000).optional(),
      timeout_ms: milliseconds.min(1).optional(),
      /** A short request; default: the profile's. */
      request: text(MAX_INLINE_BYTES).optional(),
      /** Size of a request that was sent by `upload`. */
      request_bytes: count.optional(),
      /** Files that were sent by `upload`, with their sizes. */
      inputs: z.array(sentFile).max(MAX_INPUTS).optional(),
      artifact: sentFile.extend({ type: text(1000) }).optional(),
      /** Variables besides the profile's; never secrets. */
      env: z.record(text(1000), text(MAX_ENV_BYTES)).optional(),
      /** Whether the session stays after its end, whatever its profile says. Default false. */
      keep: z.boolean().optional(),
      /** For a scheduled run: the instant of the schedule. */
      scheduled_timestamp: z.iso.datetime().optional(),
      /** For a scheduled run: the schedule, whose request, ref and work unit it gets. */
      schedule_name: text(100).optional(),
      /** For a scheduled run that an operator asked for: identifies it. */
      fire_id: text(200).optional(),
      /** For a run that `agentd web` asks for because of a webhook: which one, the delivery, and what happened. */
      webhook: z
        .strictObject({ name: text(100), delivery: text(200).min(1), event: text(200).optional() })
        .optional(),
    }),
    result: sessionViewSchema,
    errors: RUN_ERRORS,
  },
  rerun: {
    summary:
      "Runs a session again: its repository, ref, work unit, request, inputs and variables, with the profile as it is now.",
    changes: true,
    params: z.strictObject({
      request_id: text(200).min(1),
      session,
      /** Another ref; default: the one that the session was run with. */
      ref: text(10_000).optional(),
      /** Whether to use the commit that the session got, wherever its ref is now. Default false. */
      same_commit: z.boolean().optional(),
      timeout_ms: milliseconds.min(1).optional(),
      /** As in `run`. */
      keep: z.boolean().optional(),
    }),
    result: sessionViewSchema,
    errors: [...RUN_ERRORS, "unknown_session", "ambiguous_session", "record_altered"],
  },
  list: {
    summary: "Shows the sessions that are not sealed yet, or all, the newest first.",
    params: z.strictObject({
      all: z.boolean(),
      limit: z.int().min(1).max(MAX_LIST_LENGTH),
      /** Only sessions of this profile. */
      profile: text(1000).optional(),
      /** Only sessions that ended with a failure. */
      failed: z.boolean().optional(),
      /** Only sessions that were accepted then or later. */
      since_timestamp: z.iso.datetime().optional(),
      /** Only sessions that were accepted then or earlier. */
      until_timestamp: z.iso.datetime().optional(),
    }),
    result: sessionListSchema,
    errors: [],
  },
  show: {
    summary: "Shows one session.",
    params: z.strictObject({ session }),
    result: sessionViewSchema,
    errors: ["unknown_session", "ambiguous_session", "record_unusable"],
  },
  wait: {
    summary: "Answers once the session is sealed.",
    waits: true,
    params: z.strictObject({ session }),
    result: sessionViewSchema,
    errors: ["unknown_session", "ambiguous_session", "record_unusable"],
  },
  watch: {
    summary: "Answers once the session differs from the view that the client knows.",
    waits: true,
    params: z.strictObject({
      session,
      /** `look` of the last answer; left out in the first request. */
      look: text(100).optional(),
    }),
    result: z.strictObject({
      /** A digest of state, place in the queue and reason. */
      look: z.string(),
      session: sessionViewSchema,
    }),
    errors: ["unknown_session", "ambiguous_session", "record_unusable"],
  },
  stop: {
    summary: "Tells the session to stop and answers at once; a sealed session is left as it is.",
    changes: true,
    params: z.strictObject({ session, grace_ms: milliseconds.optional() }),
    result: sessionViewSchema,
    errors: ["unknown_session", "ambiguous_session", "record_unusable"],
  },
  events: EVENTS_METHOD,
  fingerprints: FINGERPRINTS_METHOD,
  ...LIVE_METHODS,
  ...KEPT_METHODS,
  ...RECORD_METHODS,
  profiles: {
    summary: "Shows the profiles that the daemon has loaded.",
    params: z.strictObject({}),
    result: z.array(profileViewSchema),
    errors: [],
  },
  ...SCHEDULE_METHODS,
  schedule_fire: {
    ...SCHEDULE_METHODS.schedule_fire,
    errors: [...RUN_ERRORS, "unknown_session", "daemon_lost"],
  },
  reload: {
    summary: "Reloads the configuration file: all changes take effect, or none.",
    changes: true,
    params: z.strictObject({}),
    result: reloadSchema,
    errors: [
      "config_not_found",
      "config_unreadable",
      "config_syntax",
      "config_invalid",
      "permissions_unsafe",
      "credentials_unusable",
      "daemon_stopping",
      "state_unusable",
    ],
  },
  nodes: NODES_METHOD,
  notify_test: NOTIFY_TEST_METHOD,
  ...WEBHOOK_METHODS,
  status: {
    summary: "Shows the daemon, its queue and its running sessions.",
    params: z.strictObject({}),
    result: statusSchema,
    errors: [],
  },
  health: {
    summary: "Says what sessions lack on this host now.",
    params: z.strictObject({}),
    result: healthSchema,
    errors: [],
  },
} as const satisfies Record<string, MethodRecord>;

export type MethodName = keyof typeof METHODS;
export type Params<M extends MethodName> = z.output<(typeof METHODS)[M]["params"]>;
export type Result<M extends MethodName> = z.output<(typeof METHODS)[M]["result"]>;
export type Status = Result<"status">;
export type SessionList = Result<"list">;
export type Reload = Result<"reload">;
