/** Finds sessions: what the daemon filters, it filters; the rest is looked for here, page by page. */
import type { ListedSession } from "../../session-document.ts";
import { call } from "../base/daemon.ts";

/** What a person looks for; empty texts are of no matter. */
export interface Query {
  readonly profile: string;
  /** An outcome, `open`, or `failed` for every failure. */
  readonly outcome: string;
  readonly trigger: string;
  /** Days back; empty for all. */
  readonly days: string;
  /** A part of the work unit, id, cause, ref or commit. */
  readonly text: string;
}

export const ANY: Query = { profile: "", outcome: "", trigger: "", days: "", text: "" };

/** A page of what was found. */
export interface Found {
  readonly sessions: readonly ListedSession[];
  /** Where the next page begins; undefined: this is the last. */
  readonly next: Cursor | undefined;
  /** How many were looked at in vain at the end, because there are too many. */
  readonly lookedAt: number;
  /** How many there are; undefined: not counted. */
  readonly total: number | undefined;
}

/** Sessions before this one. */
export interface Cursor {
  readonly until: string;
  readonly before: string;
}

export const PAGE = 100;
const AT_ONCE = 500;
/** Sessions that one search looks at. */
const MOST_LOOKED_AT = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;

export async function findSessions(query: Query, from: Cursor | undefined, now: number): Promise<Found> {
  const isPlain = query.text === "" && query.trigger === "" && ["", "failed"].includes(query.outcome);
  const found: ListedSession[] = [];
  let cursor = from;
  let lookedAt = 0;
  let total: number | undefined;
  while (found.length <= PAGE && lookedAt < MOST_LOOKED_AT) {
    const limit = isPlain ? PAGE + 2 : AT_ONCE;
    const list = await call("list", {
      all: query.outcome !== "open",
      limit,
      ...(query.profile === "" ? {} : { profile: query.profile }),
      ...(query.outcome === "failed" ? { failed: true } : {}),
      ...(query.days === ""
        ? {}
        : { since_timestamp: new Date(now - Number(query.days) * DAY_MS).toISOString() }),
      ...(cursor === undefined ? {} : { until_timestamp: cursor.until }),
    });
    if (from === undefined && isPlain) total = list.total ?? undefined;
    const { before } = cursor ?? {};
    const fresh = list.sessions.filter(({ session_id: id }) => before === undefined || id < before);
    lookedAt += fresh.length;
    found.push(...fresh.filter((session) => matches(session, query)));
    const last = fresh.at(-1);
    if (last === undefined || list.sessions.length < limit) {
      cursor = undefined;
      break;
    }
    cursor = { until: last.queued_timestamp, before: last.session_id };
  }
  const sessions = found.slice(0, PAGE);
  const last = sessions.at(-1);
  const next =
    found.length > PAGE && last !== undefined
      ? { until: last.queued_timestamp, before: last.session_id }
      : cursor;
  return { sessions, next, lookedAt, total };
}

function matches(session: ListedSession, { outcome, trigger, text }: Query): boolean {
  if (!["", "failed", "open"].includes(outcome) && session.outcome !== outcome) return false;
  if (trigger !== "" && session.trigger !== trigger) return false;
  if (text === "") return true;
  const { session_id: id, profile, work_unit: unit, cause, ref, commit, schedule_name: schedule } = session;
  const wanted = text.toLowerCase();
  return [id, profile, unit, cause, ref, commit, schedule].some(
    (each) => each?.toLowerCase().includes(wanted) === true,
  );
}
