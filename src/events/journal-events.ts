/**
 * Which line of a session's journal becomes which event: the one table for it. A line that is not in it stays between
 * the session and its record.
 */
import type { JournalEntry } from "../audit/format/journal.ts";
import type { Ending } from "../outcome.ts";
import type { SessionDocument } from "../session-document.ts";
import type { EventData, EventType, NewEvent } from "./event.ts";

/** What a line becomes. */
interface Telling<T extends EventType> {
  readonly type: T;
  readonly data: (entry: JournalEntry, document: SessionDocument) => EventData<T>;
  /** Whether only the first such line of a session becomes an event. Default false. */
  readonly once?: true;
}

type AnyTelling = { [T in EventType]: Telling<T> }[EventType];

/** By the name of the line's event. */
export const TOLD: Readonly<Record<string, AnyTelling>> = {
  accepted: {
    type: "session.accepted",
    data: (_entry, { trigger, repo_url, ref, work_unit, rerun_of }) => {
      return { trigger, repo_url, ref, work_unit, rerun_of };
    },
  },
  started: { type: "session.preparing", data: () => ({}) },
  gate_opened: { type: "session.running", data: () => ({}) },
  adopted: {
    type: "session.adopted",
    data: ({ pid, version }) => ({ pid: Number(pid), version: String(version) }),
  },
  stalled: {
    type: "session.stalled",
    data: ({ idle_ms: idleMs, stop }) => ({ idle_ms: Number(idleMs), stop: stop === true }),
  },
  paused: { type: "session.paused", data: () => ({}) },
  resumed: { type: "session.resumed", data: ({ why }) => ({ why: textOrNull(why) }) },
  exec: {
    type: "session.exec",
    data: ({ command, credentials, tty }) => ({
      // The rest may hold what is nobody's business.
      program: String(Array.isArray(command) ? command[0] : ""),
      credentials: credentials === true,
      tty: tty === true,
    }),
  },
  kept: {
    type: "session.kept",
    data: ({ until_timestamp: until }) => ({ until_timestamp: textOrNull(until) }),
  },
  ended: { type: "session.finishing", data: (entry) => endingOf(entry as unknown as Ending) },
  published: {
    type: "publish.done",
    data: ({ branch, commit, url, request_url: request }) => ({
      branch: String(branch),
      commit: String(commit),
      url: String(url),
      request_url: textOrNull(request),
    }),
  },
  publish_failed: {
    type: "publish.failed",
    data: ({ warnings }) => ({ why: String(Array.isArray(warnings) ? warnings[0] : "") }),
  },
  step_failed: {
    type: "record.incomplete",
    data: ({ reason }) => ({ reason: String(reason) }),
    once: true,
  },
};

/** The names of lines that become none. The last line of a sealed record has no name; see `sealedEvent`. */
export const NOT_TOLD: readonly string[] = [
  "journal_repaired",
  "document_rebuilt",
  "cloned",
  "copied",
  "files_found",
  "volumes_opened",
  "image_found",
  "container_created",
  "warm_taken",
  "placed",
  "job_submitted",
  "job_submission_unknown",
  "node_record",
  "methodology_found",
  "handed_over",
  "restarted",
  "detached",
  "stall_over",
  "end_ordered",
  "disk_full",
  "disk_unmeasured",
  "network_restored",
  "network_lost",
  "network_closed",
  "exported",
  "export_failed",
  "publishing",
  "pushed",
  "nothing_published",
  "keep_failed",
  "redacted",
  "removing",
];

/** Where the events of a session's journal come from. */
export function journalSource(sessionId: string): string {
  return `${sessionId}/events.jsonl`;
}

/** Makes the events of one session, line by line. */
export class JournalEvents {
  /** Lines of which only the first is told, and which was there. */
  readonly #once = new Set<string>();
  readonly #document: () => SessionDocument;

  /** @param document as it is when a line is told. */
  constructor(document: () => SessionDocument) {
    this.#document = document;
  }

  /** The event of the next line; undefined where it becomes none. Each line is given once, in order. */
  next(entry: JournalEntry): NewEvent | undefined {
    const told = TOLD[entry.event ?? ""];
    if (told === undefined) return undefined;
    if (told.once === true && this.#once.has(told.type)) return undefined;
    this.#once.add(told.type);
    const document = this.#document();
    return { ...placeOf(entry, document), type: told.type, data: told.data(entry, document) } as NewEvent;
  }
}

/** The event of the commit. @param entry the last line of the sealed journal. */
export function sealedEvent(entry: JournalEntry, document: SessionDocument): NewEvent<"session.sealed"> {
  const { trigger, work_unit, start_timestamp, end_timestamp, llm, published } = document;
  const ending = { ...document, outcome: document.outcome ?? "interrupted" } as Ending;
  return {
    ...placeOf(entry, document),
    type: "session.sealed",
    data: {
      ...endingOf(ending),
      ...{ trigger, work_unit, start_timestamp, end_timestamp },
      usd: llm?.usd ?? null,
      request_url: published?.request_url ?? null,
    },
  };
}

function placeOf({ seq, time }: JournalEntry, { session_id, profile }: SessionDocument) {
  return { time, session_id, profile, source: journalSource(session_id), source_seq: seq };
}

function endingOf({ outcome, exit_code, signal, stage, cause }: Ending): EventData<"session.finishing"> {
  return { outcome, exit_code, signal, stage, cause };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
