/**
 * The events of the feed: one schema for the daemon's file, the wire and `--json`. `docs/events.md` describes them, and a
 * test compares the two. None holds output of a session, a request or a secret.
 */
import * as z from "zod";
import { LAUNCH_STAGES, OUTCOMES } from "../outcome.ts";
import { publishedSchema } from "../published.ts";

const timestamp = z.iso.datetime();
const count = z.int().nonnegative();
const text = z.string();

/** How the command of a session ended. */
const endingFields = {
  outcome: z.enum(OUTCOMES),
  exit_code: z.int().nullable(),
  signal: text.nullable(),
  stage: z.enum(LAUNCH_STAGES).nullable(),
  cause: text.nullable(),
};

/** How much of a session's budget is used. */
const budgetData = z.object({
  /** Which limit is closest, or is spent. */
  limit: z.enum(["usd", "usd_per_day", "tokens", "requests"]),
  /** In dollars, tokens or requests; null where the gateway's file does not say. */
  used: z.number().nullable(),
  max: z.number().nullable(),
});

/** The data of each type of event. */
export const EVENT_DATA = {
  /** It is recorded, and waits for a place. */
  "session.accepted": z.object({
    trigger: text,
    repo_url: text.nullable(),
    ref: text.nullable(),
    work_unit: text.nullable(),
    /** The session that it runs again. */
    rerun_of: text.nullable(),
  }),
  /** Its container and its workspace are being made. */
  "session.preparing": z.object({}),
  /** Its command may start. */
  "session.running": z.object({}),
  /** Its command gets nowhere. */
  "session.stalled": z.object({
    idle_ms: count,
    /** Whether it is stopped for that. */
    stop: z.boolean(),
  }),
  "session.paused": z.object({}),
  "session.resumed": z.object({
    /** Null: its operator wants it. */
    why: text.nullable(),
  }),
  /** Its command has ended. */
  "session.finishing": z.object(endingFields),
  /** Its record is final. */
  "session.sealed": z.object({
    ...endingFields,
    trigger: text,
    work_unit: text.nullable(),
    start_timestamp: timestamp.nullable(),
    end_timestamp: timestamp.nullable(),
    /** What it cost, in dollars; null where that is not known or nothing was asked. */
    usd: z.number().nullable(),
    /** Null where no request was opened. */
    request_url: text.nullable(),
  }),
  /** It is kept after its end, for a person to look. */
  "session.kept": z.object({ until_timestamp: timestamp.nullable() }),
  /** A new daemon has taken it over while its command ran. */
  "session.adopted": z.object({ pid: z.int(), version: text }),
  /** A command is about to be started beside the session's. */
  "session.exec": z.object({
    /** Its first word. */
    program: text,
    credentials: z.boolean(),
    tty: z.boolean(),
  }),
  "schedule.fired": z.object({
    /** Of the schedule among those of its profile: `default` for the one of the key `schedule`. */
    name: text,
    scheduled_timestamp: timestamp,
    delay_ms: count,
  }),
  /** All undecided instants from one to another. */
  "schedule.skipped": z.object({
    name: text,
    scheduled_timestamp: timestamp,
    until_timestamp: timestamp,
    reason: text,
    why: text,
  }),
  "schedule.paused": z.object({
    name: text,
    /** Null: until it is resumed. */
    until_timestamp: timestamp.nullable(),
  }),
  "schedule.resumed": z.object({ name: text }),
  "llm.budget_50": budgetData,
  "llm.budget_80": budgetData,
  "llm.budget_95": budgetData,
  "llm.budget_exhausted": budgetData,
  /** The first connection of a session to a host that its allowlist does not open. */
  "egress.denied": z.object({
    host: text,
    port: z.int().nullable(),
    /** The check that it failed. */
    rule: text,
    reason: text.nullable(),
  }),
  "publish.done": publishedSchema,
  "publish.failed": z.object({ why: text }),
  "daemon.started": z.object({ pid: z.int(), version: text }),
  "daemon.stopping": z.object({ pid: z.int(), signal: text, shutdown: z.enum(["drain", "detach"]) }),
  /** Something that sessions need does not work. */
  "daemon.degraded": z.object({ what: text, why: text }),
  /** It works again. */
  "daemon.recovered": z.object({ what: text }),
  /** Names of what has changed, as `reload` answers. */
  "config.reloaded": z.object({
    profiles_added: z.array(text),
    profiles_changed: z.array(text),
    profiles_removed: z.array(text),
    schedules_changed: z.array(text),
    settings_changed: z.array(text),
    needs_restart: z.array(text),
    credentials_changed: z.array(text),
  }),
  /** Nothing has changed. */
  "config.refused": z.object({ code: text, why: text }),
  /** The end of a session cannot be completed yet; once for each session. */
  "record.incomplete": z.object({ reason: text }),
  /** Old records were removed, and their tombstone is in the chain. */
  "record.pruned": z.object({ records: count, session_ids: z.array(text) }),
  /** It has started a session. */
  "webhook.received": z.object({ name: text, delivery: text.nullable(), event: text.nullable() }),
  /** Its sender has no session for it; at most 30 within a minute of each webhook. */
  "webhook.refused": z.object({
    name: text,
    delivery: text.nullable(),
    event: text.nullable(),
    why: text,
  }),
} as const satisfies Readonly<Record<string, z.ZodObject>>;

export type EventType = keyof typeof EVENT_DATA;
export type EventData<T extends EventType = EventType> = z.infer<(typeof EVENT_DATA)[T]>;

/** Every type, in the order of the page. */
export const EVENT_TYPES = Object.keys(EVENT_DATA) as readonly EventType[];

/** What an event has besides its type and its data. */
interface EventFields {
  /** Counts the events of this instance, from 1, without a gap. */
  readonly seq: number;
  /** When it happened; RFC 3339, UTC. */
  readonly time: string;
  /** Left out where it is about no session. */
  readonly session_id?: string | undefined;
  /** Left out where it is about no profile. */
  readonly profile?: string | undefined;
  /** The file that tells of it, such as `0198f2a4c6e81234/events.jsonl`; `daemon` where only the feed does. */
  readonly source: string;
  /** Its line there, from 0. With `source` and `type` it says which event this is. */
  readonly source_seq: number;
}

const FIELDS = {
  seq: z.int().min(1),
  time: timestamp,
  session_id: text.optional(),
  profile: text.optional(),
  source: text,
  source_seq: count,
} as const;

/** One event of the feed, as the schema of its type has it. */
export type FeedEvent<T extends EventType = EventType> = T extends EventType
  ? EventFields & { readonly type: T; readonly data: EventData<T> }
  : never;

/** An event that has no place in the feed yet. */
export type NewEvent<T extends EventType = EventType> = T extends EventType
  ? Omit<FeedEvent<T>, "seq">
  : never;

/** Checks an event of any type, as it is read back. */
export const feedEventSchema = z.discriminatedUnion(
  "type",
  EVENT_TYPES.map((type) =>
    z.object({ ...FIELDS, type: z.literal(type), data: EVENT_DATA[type] }),
  ) as unknown as [z.ZodObject<{ type: z.ZodLiteral<EventType> }>],
) as unknown as z.ZodType<FeedEvent>;
