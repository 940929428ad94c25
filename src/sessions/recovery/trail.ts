import * as z from "zod";
import type { JournalEntry } from "../../audit/format/journal.ts";
import { type Ending, LAUNCH_STAGES, OUTCOMES } from "../../outcome.ts";
import type { KeepTrail, PublishTrail } from "../state/beginning.ts";
import { type EndOrder, ORDERED_OUTCOMES } from "../state/end-orders.ts";
import { NEVER_PAUSED, type PauseTrail } from "../state/pauses.ts";

/** The lines about what a start has for its command: made for it, or made before and taken. */
const MADE: readonly (string | undefined)[] = ["container_created", "warm_taken"];

/** How far a session had come, as its journal shows it, and whether it was ordered to end. */
export type LeftTrail =
  | { readonly state: "queued"; readonly order?: EndOrder | undefined }
  | {
      readonly state: "preparing";
      /** Starts since the last daemon that gave up the session in an orderly way. */
      readonly starts: number;
      /** Whether the last start had reached a container that is as confined as asked. */
      readonly created: boolean;
      readonly order?: EndOrder | undefined;
    }
  | {
      readonly state: "running";
      /** The mark of the boot in which the gate opened. */
      readonly boot: string;
      /** What `Clock.uptime` showed then. */
      readonly openedUptimeMs: number;
      readonly openedTimestamp: string;
      readonly handedOver: boolean;
      /** Undefined: it was never paused. */
      readonly pauses?: PauseTrail | undefined;
      readonly order?: EndOrder | undefined;
    }
  | {
      readonly state: "finishing";
      readonly ending: Ending;
      readonly endTimestamp: string;
      /** Whether its work was exported, or could not be. */
      readonly isExported: boolean;
      /** What was done of its publishing. */
      readonly publishing: PublishTrail;
      readonly keeping: KeepTrail;
    };

const openedSchema = z.object({ boot: z.string(), uptime_ms: z.number() });

const orderSchema = z.object({ outcome: z.enum(ORDERED_OUTCOMES), cause: z.string(), grace_ms: z.number() });

const pushedSchema = z.object({ branch: z.string(), commit: z.string() });

const endedSchema = z.object({
  outcome: z.enum(OUTCOMES),
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  stage: z.enum(LAUNCH_STAGES).nullable(),
  cause: z.string().nullable(),
  end_timestamp: z.iso.datetime(),
});

/**
 * Reads the trail of a session.
 *
 * @param journal at least one line.
 * @throws Error when a line that counts lacks a field.
 */
export function readTrail(journal: readonly JournalEntry[]): LeftTrail {
  const state = journal.at(-1)?.state ?? "queued";
  switch (state) {
    case "queued":
      return { state, order: orderIn(journal) };
    case "preparing":
      return readPreparing(journal);
    case "running":
      return readRunning(journal);
    // The journal's last line comes before the commit.
    case "finishing":
    case "sealed":
      return readFinishing(journal);
  }
}

const madeSchema = z.object({ container: z.string() });

/**
 * The ref of what the last start has made for the command, as the executor names it; undefined where the journal does not
 * say. Whatever else says that it is the session's is not: anyone may give a container the same labels.
 */
export function madeRef(journal: readonly JournalEntry[]): string | undefined {
  const lastStart = journal.findLastIndex(({ event }) => event === "started");
  const line = journal.slice(lastStart + 1).findLast(({ event }) => MADE.includes(event));
  return madeSchema.safeParse(line).data?.container;
}

function readPreparing(journal: readonly JournalEntry[]): LeftTrail {
  const sinceGivenUp = journal.slice(journal.findLastIndex(({ event }) => event === "detached") + 1);
  const lastStart = journal.findLastIndex(({ event }) => event === "started");
  return {
    state: "preparing",
    starts: sinceGivenUp.filter(({ event }) => event === "started").length,
    created: journal.slice(lastStart).some(({ event }) => MADE.includes(event)),
    order: orderIn(journal),
  };
}

function readRunning(journal: readonly JournalEntry[]): LeftTrail {
  const line = lineOf(journal, "gate_opened");
  const opened = openedSchema.parse(line);
  return {
    state: "running",
    boot: opened.boot,
    openedUptimeMs: opened.uptime_ms,
    openedTimestamp: line.time,
    handedOver: journal.some(({ event }) => event === "handed_over"),
    pauses: readPauses(journal),
    order: orderIn(journal),
  };
}

const pauseSchema = z.object({ uptime_ms: z.number() });

/** Undefined: it was never paused. */
function readPauses(journal: readonly JournalEntry[]): PauseTrail | undefined {
  let trail = NEVER_PAUSED;
  for (const line of journal) {
    const { current } = trail;
    if (line.event === "paused") {
      const { uptime_ms: sinceUptimeMs } = pauseSchema.parse(line);
      trail = { ...trail, current: { sinceUptimeMs, sinceTimestamp: line.time } };
    } else if (line.event === "resumed" && current !== undefined) {
      const lastedMs = Math.max(0, pauseSchema.parse(line).uptime_ms - current.sinceUptimeMs);
      trail = { earlierMs: trail.earlierMs + lastedMs, current: undefined };
    }
  }
  return trail === NEVER_PAUSED ? undefined : trail;
}

function readFinishing(journal: readonly JournalEntry[]): LeftTrail {
  const { end_timestamp: endTimestamp, ...ending } = endedSchema.parse(lineOf(journal, "ended"));
  const isExported = journal.some(({ event }) => event === "exported" || event === "export_failed");
  const [publishing, keeping] = [readPublishing(journal), readKeeping(journal)];
  return { state: "finishing", ending, endTimestamp, isExported, publishing, keeping };
}

/** The lines that end the publishing of a session. */
const PUBLISHED = ["published", "nothing_published", "publish_failed"];

function readPublishing(journal: readonly JournalEntry[]): PublishTrail {
  const pushed = journal.findLast(({ event }) => event === "pushed");
  return {
    isDone: journal.some(({ event }) => event !== undefined && PUBLISHED.includes(event)),
    pushed: pushed && pushedSchema.parse(pushed),
  };
}

function readKeeping(journal: readonly JournalEntry[]): KeepTrail {
  const isKept = journal.some(({ event }) => event === "kept");
  return { isKept, isDone: isKept || journal.some(({ event }) => event === "keep_failed") };
}

function orderIn(journal: readonly JournalEntry[]): EndOrder | undefined {
  const line = journal.find(({ event }) => event === "end_ordered");
  if (line === undefined) return undefined;
  const { outcome, cause, grace_ms: graceMs } = orderSchema.parse(line);
  return { outcome, cause, graceMs };
}

function lineOf(journal: readonly JournalEntry[], event: string): JournalEntry {
  const line = journal.findLast((entry) => entry.event === event);
  if (line === undefined) throw new Error(`the journal has no line ${event}`);
  return line;
}
