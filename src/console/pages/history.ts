/** How the sessions of the last days went, by profile. */
import type { ListedSession } from "../../session-document.ts";
import { call } from "../base/daemon.ts";
import { kindOf, runMs } from "../base/words.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;
const AT_ONCE = 1000;
/** Sessions that are looked at; what is older does not count. */
const MOST = 10_000;

export interface ProfileHistory {
  readonly sessions: number;
  readonly succeeded: number;
  /** Those that ended with neither success nor an operator's stop. */
  readonly failed: number;
  /** Milliseconds; undefined where none ran. */
  readonly medianMs: number | undefined;
  /** Sessions of each day, the oldest first: those that succeeded, and the others. */
  readonly days: readonly { readonly ok: number; readonly other: number }[];
}

/** @param days back from now, in milliseconds since 1970. */
export async function readHistory(days: number, now: number): Promise<Map<string, ProfileHistory>> {
  const since = new Date(now - days * DAY_MS).toISOString();
  const all: ListedSession[] = [];
  let until: string | undefined;
  while (all.length < MOST) {
    const { sessions } = await call("list", {
      ...{ all: true, limit: AT_ONCE, since_timestamp: since },
      ...(until === undefined ? {} : { until_timestamp: until }),
    });
    const last = all.at(-1)?.session_id;
    all.push(...sessions.filter(({ session_id: id }) => last === undefined || id < last));
    if (sessions.length < AT_ONCE) break;
    until = sessions.at(-1)?.queued_timestamp;
  }
  const byProfile = Map.groupBy(all, ({ profile }) => profile);
  return new Map([...byProfile].map(([profile, sessions]) => [profile, historyOf(sessions, days, now)]));
}

function historyOf(sessions: readonly ListedSession[], days: number, now: number): ProfileHistory {
  const ended = sessions.filter(({ outcome }) => outcome !== null);
  const isOk = (session: ListedSession): boolean => ["ok", "mute"].includes(kindOf(session));
  const ran = ended.flatMap((session) => runMs(session, now) ?? []).sort((one, other) => one - other);
  const perDay = Array.from({ length: days }, () => ({ ok: 0, other: 0 }));
  for (const session of ended) {
    const day = perDay[days - 1 - Math.floor((now - Date.parse(session.queued_timestamp)) / DAY_MS)];
    if (day !== undefined) day[isOk(session) ? "ok" : "other"] += 1;
  }
  return {
    sessions: ended.length,
    succeeded: ended.filter(({ outcome }) => outcome === "success").length,
    failed: ended.filter((session) => !isOk(session)).length,
    medianMs: ran[Math.floor(ran.length / 2)],
    days: perDay,
  };
}
