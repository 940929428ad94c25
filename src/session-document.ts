/** One session as JSON: the fields of `session.json`, which are also those of the wire and of `--json`. */
import * as z from "zod";
import { exceptionSchema } from "./exception-fields.ts";
import { homeFileSchema } from "./home-file.ts";
import { keptSchema } from "./kept.ts";
import { nextRetrySchema } from "./next-retry.ts";
import { LAUNCH_STAGES, OUTCOMES } from "./outcome.ts";
import { placementSchema } from "./placement-fields.ts";
import { publishedSchema } from "./published.ts";
import { BY_HAND, TRIGGERS, triggerShape } from "./trigger-fields.ts";
import { artifactsSchema, workSchema } from "./work-fields.ts";

/** Version of the fields below; an older agentd does not read a record with a higher one. */
export const SESSION_SCHEMA_VERSION = 1;

/** The states of a session's life, in their order. */
export const SESSION_STATES = ["queued", "preparing", "running", "finishing", "sealed"] as const;

/** The states that a session can be shown in: a paused one runs, as its journal says. */
export const SHOWN_STATES = ["queued", "preparing", "running", "paused", "finishing", "sealed"] as const;

const timestamp = z.iso.datetime();

/** A file or directory of the record that the seal does not cover, and why. */
export const excludedSchema = z.strictObject({
  /** Path from the record's root; bytes that are not UTF-8 are shown as `\xNN`. */
  path: z.string(),
  reason: z.string(),
});

/** The hosts that a session with an allowlist connected to, each with its port, and how many there are. */
export const egressSchema = z.strictObject({
  /** The first of those that it reached, see `allowed_count`. */
  allowed: z.array(z.string()),
  /** The first of those that it was denied, see `denied_count`. */
  denied: z.array(z.string()),
  allowed_count: z.int(),
  denied_count: z.int(),
});

export type Egress = z.infer<typeof egressSchema>;

/** What a session used of language models. */
export const sessionLlmSchema = z.strictObject({
  /** That were sent to a provider. */
  requests: z.int(),
  /** That the gateway refused. */
  refused: z.int(),
  /** Input that no cache had. */
  input_tokens: z.int(),
  /** Input that came from a cache. */
  cached_tokens: z.int(),
  output_tokens: z.int(),
  /** Of the output. */
  reasoning_tokens: z.int(),
  /** Dollars that are charged, rounded up; null where the price of a request is not known. */
  usd: z.number().nullable(),
  /** The first of them. */
  models: z.array(z.string()),
  /** Whether the cost of each request was bounded before it was sent. */
  exact: z.boolean(),
});

export type SessionLlm = z.infer<typeof sessionLlmSchema>;

/** `session.json` of a record: with `outcome` null while the session is open. */
export const sessionDocumentSchema = z.object({
  schema_version: z.literal(SESSION_SCHEMA_VERSION),
  session_id: z.string().regex(/^[0-9a-f]{16}$/),
  profile: z.string(),
  /** Null where the workspace is no clone. */
  repo_url: z.string().nullable(),
  /** What `~/repo` had at the start: a clone of `repo_url`, nothing, or a copy of `directory`. */
  workspace: z.enum(["clone", "empty", "directory"]).default("clone"),
  /** The directory of the host that was copied, as the profile names it; null for any other workspace. */
  directory: z.string().nullable().default(null),
  /** The branch, tag or commit asked for; null for the server's default branch. */
  ref: z.string().nullable(),
  /** The commit that was checked out; null when there was no clone. */
  commit: z.string().nullable(),
  work_unit: z.string().nullable(),
  trigger: z.enum(TRIGGERS),
  image: z.string(),
  image_digest: z.string().nullable(),
  /** Program and arguments as the profile has them; null in a record of an agentd that did not write them down. */
  command: z.array(z.string()).nullable().default(null),
  /** SHA-256 of the methodology directory as it was at launch, see docs/audit.md; null without one. */
  methodology_digest: z.string().nullable(),
  /** What was put into the home by the profile's `files`, `skills` and `mcp_servers`; empty in records of older versions. */
  home_files: z.array(homeFileSchema).default([]),
  /** SHA-256 of the profile and daemon settings that the session was accepted with. */
  config_digest: z.string(),
  queued_timestamp: timestamp,
  /** When the command was started: the gate opened. Null when it never was. */
  start_timestamp: timestamp.nullable(),
  end_timestamp: timestamp.nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  stage: z.enum(LAUNCH_STAGES).nullable(),
  cause: z.string().nullable(),
  /** Resource peaks; null where this host has no value. */
  peak_memory_bytes: z.int().nullable(),
  peak_pids: z.int().nullable(),
  /** Of the looks at a session with a bound; null without one, before the first look, and in records of older versions. */
  peak_disk_bytes: z.int().nullable().default(null),
  cpu_seconds: z.number().nullable(),
  /** Whether output may be missing in the console log; null until the session is sealed, and in older records. */
  output_lost: z.boolean().nullable().default(null),
  /** Null while the session is open, where nothing was exported, and in older records. */
  work: workSchema.nullable().default(null),
  /** Null while the session is open, where the profile names none, and in records of older versions. */
  artifacts: artifactsSchema.nullable().default(null),
  /** Null while the session is open, where nothing was published, and in records of older versions. */
  published: publishedSchema.nullable().default(null),
  /** Null while the session is open, where it had no allowlist, and in records of older versions. */
  egress: egressSchema.nullable().default(null),
  /** As of now while the session runs. Null where it uses no gateway, and in records of older versions. */
  llm: sessionLlmSchema.nullable().default(null),
  /**
   * What became of the values of credentials in `console.log`: `complete`: replaced; `view`: left, as the profile wants;
   * `incomplete`: left, because agentd did not know them any more. Null while open, without credentials, and in older records.
   */
  redaction: z.enum(["complete", "view", "incomplete"]).nullable().default(null),
  /** How many values were replaced, or with `view` found; null where `redaction` is null or `incomplete`. */
  redacted_values: z.int().nullable().default(null),
  /** Names of the credentials whose values `work/` has; empty as well where nobody knows. */
  credentials_in_work: z.array(z.string()).default([]),
  ...triggerShape,
  /** Warnings for the operator, such as submodules left alone; the session continued. */
  warnings: z.array(z.string()),
  /** The first of them, see `excluded_count`. */
  excluded: z.array(excludedSchema),
  /** How many there are, listed or not. Null while the session is open, and in records of older versions. */
  excluded_count: z.int().nullable().default(null),
  /** Size of the request, `agentd/input/request.txt`; null without one. */
  request_bytes: z.int().nullable().default(null),
  /** The other files that the session was given, in `agentd/input/`. */
  inputs: z.array(z.object({ name: z.string(), bytes: z.int() })).default([]),
  /** Variables that the run set besides those of the profile; never secrets. */
  env: z.record(z.string(), z.string()).default({}),
  /** The session whose repository, request and inputs this one was given again; null when none. */
  rerun_of: z.string().nullable().default(null),
  /** The type of the methodology's artifact that the session was given; null without one. */
  artifact_type: z.string().nullable().default(null),
  /** Empty where nothing was weakened, and in records of older versions. */
  exceptions: z.array(exceptionSchema).default([]),
  /** Null where it ran on this host, while no node has it, and in records of older versions. */
  placement: placementSchema.nullable().default(null),
});

export type SessionDocument = z.infer<typeof sessionDocumentSchema>;

/** What the end of a session has done about the values of its credentials. */
export const redactionSchema = sessionDocumentSchema.pick({
  redaction: true,
  redacted_values: true,
  credentials_in_work: true,
});

export type Redaction = z.infer<typeof redactionSchema>;

export type { Exception } from "./exception-fields.ts";
export type Excluded = z.infer<typeof excludedSchema>;
export type SessionState = (typeof SESSION_STATES)[number];
export type ShownState = (typeof SHOWN_STATES)[number];

/** What is known of a session when it is accepted. */
export type AcceptedFields = Pick<
  SessionDocument,
  | "profile"
  | "repo_url"
  | "ref"
  | "work_unit"
  | "trigger"
  | "image"
  | "command"
  | "config_digest"
  | "queued_timestamp"
> &
  /** What the run brings along; default: nothing. */
  Partial<Pick<SessionDocument, "request_bytes" | "inputs" | "env" | "rerun_of" | "artifact_type">> &
  Partial<Pick<SessionDocument, "workspace" | "directory" | "exceptions" | "placement">>;

/** The document of a session that was just accepted: all other fields are unknown yet, or do not apply. */
export function acceptedDocument(fields: AcceptedFields): Omit<SessionDocument, "session_id"> {
  return {
    schema_version: SESSION_SCHEMA_VERSION,
    profile: fields.profile,
    repo_url: fields.repo_url,
    workspace: fields.workspace ?? "clone",
    directory: fields.directory ?? null,
    ref: fields.ref,
    commit: null,
    work_unit: fields.work_unit,
    trigger: fields.trigger,
    image: fields.image,
    image_digest: null,
    command: fields.command,
    methodology_digest: null,
    home_files: [],
    config_digest: fields.config_digest,
    queued_timestamp: fields.queued_timestamp,
    start_timestamp: null,
    end_timestamp: null,
    outcome: null,
    exit_code: null,
    signal: null,
    stage: null,
    cause: null,
    peak_memory_bytes: null,
    peak_pids: null,
    peak_disk_bytes: null,
    cpu_seconds: null,
    output_lost: null,
    work: null,
    artifacts: null,
    published: null,
    egress: null,
    llm: null,
    redaction: null,
    redacted_values: null,
    credentials_in_work: [],
    ...BY_HAND,
    warnings: [],
    excluded: [],
    excluded_count: null,
    request_bytes: fields.request_bytes ?? null,
    inputs: fields.inputs ?? [],
    env: fields.env ?? {},
    rerun_of: fields.rerun_of ?? null,
    artifact_type: fields.artifact_type ?? null,
    exceptions: fields.exceptions ?? [],
    placement: fields.placement ?? null,
  };
}

/** A session as the daemon shows it: its document and its current state. */
export const sessionViewSchema = sessionDocumentSchema.extend({
  state: z.enum(SHOWN_STATES),
  /** Since when it is paused; null when it is not. */
  paused_timestamp: timestamp.nullable(),
  /** Place in the queue from 1; null unless queued. */
  position: z.int().nullable(),
  /** What it waits for or is busy with before its command runs and after; null while it runs, and once it is sealed. */
  reason: z.string().nullable(),
  /** What stays of it after its end, for `agentd enter`; null: nothing, or not yet. */
  kept: keptSchema.nullable(),
  /** The try that will follow it; null: none, or not any more. */
  next_retry: nextRetrySchema.nullable(),
  /** Directory of the record on this host. */
  record: z.string(),
});

export type SessionView = z.infer<typeof sessionViewSchema>;

/** A session in a list, without the fields of which a seal may have a thousand entries. */
export const listedSessionSchema = sessionViewSchema.omit({ excluded: true });

export type ListedSession = z.infer<typeof listedSessionSchema>;

/** The part of a session that lists have. */
export function listed({ excluded: _excluded, ...view }: SessionView): ListedSession {
  return view;
}
