/** Sessions that are kept after their end: what they take, and whether any is there that should be gone. */
import { type Finding, ok, warning } from "../../finding.ts";
import type { KeptList } from "../../keep/kept-index.ts";
import { shortId } from "../../short-id.ts";
import { countText, sizeText } from "../words/size-text.ts";
import { spanText } from "../words/time-text.ts";
import type { Check, NamedLook } from "./check.ts";
import type { Ground } from "./ground.ts";

export interface KeptPlaces {
  readonly state: string;
  /** What all kept sessions together may take. */
  readonly keepMaxBytes: number;
  readonly daemonRuns: boolean;
}

export function keptChecks(ground: Ground, places: KeptPlaces): Check[] {
  const check = (name: string, look: Check["look"]): Check => ({ name, group: "storage", look });
  return [check("kept_sessions", () => keptLook(ground, places))];
}

async function keptLook(
  { unreachable, now }: Ground,
  { state, ...known }: KeptPlaces,
): Promise<readonly NamedLook[] | undefined> {
  // Another finding tells of it.
  if ((await unreachable(state)) !== undefined) return undefined;
  const { KeptIndex } = await import("../../keep/kept-index.ts");
  return keptFindings(await new KeptIndex(state).list(), { ...known, nowMs: now() });
}

/** A daemon that runs removes what is past its time within seconds, unless somebody is in it or it fails. */
const SLACK_MS = 10 * 60_000;

/** @param known when it is, and what `KeptPlaces` has of it. */
export function keptFindings(
  { entries, unreadable }: KeptList,
  { nowMs, keepMaxBytes, daemonRuns }: Omit<KeptPlaces, "state"> & { readonly nowMs: number },
): readonly Finding[] {
  const broken = unreadable.map(({ sessionId, why }) =>
    warning(
      `what session ${sessionId} keeps cannot be read from the list of kept sessions (${why}), so it stays`,
      `agentd show ${shortId(sessionId)}`,
    ),
  );
  if (entries.length === 0) return broken.length === 0 ? [ok("no session is kept")] : broken;
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const most = `${sizeText(bytes)} of ${sizeText(keepMaxBytes)} (keep_max)`;
  const found = `${countText(entries.length, "session")} ${entries.length === 1 ? "is" : "are"} kept, with ${most}`;
  const late = entries
    .map(({ session_id: id, until_timestamp: until }) => ({ id, lateMs: nowMs - Date.parse(until) }))
    .filter(({ lateMs }) => lateMs > SLACK_MS);
  return [late.length === 0 ? ok(found) : lateFinding(found, late, daemonRuns), ...broken];
}

function lateFinding(
  found: string,
  late: readonly { readonly id: string; readonly lateMs: number }[],
  daemonRuns: boolean,
): Finding {
  const longest = Math.max(...late.map(({ lateMs }) => lateMs));
  const count = `${late.length} of them past ${late.length === 1 ? "its" : "their"} time, for up to ${spanText(longest)}`;
  const why = daemonRuns
    ? "the daemon could not remove what is past its time, or somebody is in it"
    : "a daemon removes them when it runs";
  const names = late.map(({ id }) => shortId(id)).join(" ");
  return warning(`${found}, ${count}: ${why}`, daemonRuns ? `agentd rm ${names}` : "agentd daemon");
}
