/** Sessions as `agentd ps` lists them. */
import type { Params, SessionList } from "../../api/methods.ts";
import type { ListedSession } from "../../session-document.ts";
import { shortId } from "../../short-id.ts";
import { colourOf } from "../terminal/colours.ts";
import { type Cell, renderTable, type TableSpace } from "../terminal/table.ts";
import { isKept } from "./kept-text.ts";
import { allTokens, dollarsText, tokensText } from "./llm-text.ts";
import { nextRetryText, shortRetryText } from "./retry-text.ts";
import { durationText, standingText } from "./session-text.ts";
import { ageText } from "./time-text.ts";
import { shortTriggerText } from "./trigger-text.ts";
import { hasChanges, shortWorkText } from "./work-text.ts";

const NONE_AT_ALL = "There are no sessions yet.";
const NONE_OPEN = "No sessions are queued or running. `agentd ps -a` lists ended sessions.";
const NONE_CHOSEN = "No sessions match.";

/** A column of the table of sessions. */
export interface Column {
  readonly header: string;
  /** Where it is not cut to what people need. Default: as `cell`. */
  readonly whole?: (view: ListedSession) => Cell;
  readonly cell: (view: ListedSession, nowMs: number) => Cell;
  /** Whether the column is shown for these sessions; default: always. */
  readonly isShown?: (sessions: readonly ListedSession[]) => boolean;
}

/** What was asked for: an empty list says it. */
export type Asked = Params<"list"> & { readonly chosen: unknown };

const someEnded = (sessions: readonly ListedSession[]): boolean =>
  sessions.some(({ state }) => state === "sealed");

/** Also of a daemon that is older, and has no such field. */
function usesModels(sessions: readonly ListedSession[]): boolean {
  return sessions.some(({ llm }) => (llm ?? null) !== null);
}

/** Its columns, for sessions of one daemon. */
export const COLUMNS: readonly Column[] = [
  { header: "SESSION", cell: (view) => shortId(view.session_id), whole: (view) => view.session_id },
  { header: "PROFILE", cell: (view) => view.profile },
  { header: "STATE", cell: (view) => ({ text: standingText(view), colour: colourOf(view) }) },
  { header: "EXIT", cell: (view) => String(view.exit_code ?? "-"), isShown: someEnded },
  { header: "CHANGES", cell: shortWorkText, isShown: (sessions) => sessions.some(hasChanges) },
  {
    header: "TOKENS",
    cell: ({ llm }) => (llm ? tokensText(allTokens(llm)) : "-"),
    isShown: usesModels,
  },
  { header: "COST", cell: ({ llm }) => (llm ? dollarsText(llm.usd) : "-"), isShown: usesModels },
  {
    header: "TRIGGER",
    cell: shortTriggerText,
    isShown: (sessions) => sessions.some(({ trigger }) => trigger !== "manual"),
  },
  { header: "WORK UNIT", cell: (view) => view.work_unit ?? "-" },
  { header: "AGE", cell: (view, nowMs) => ageText(nowMs - Date.parse(view.queued_timestamp)) },
  { header: "TOOK", cell: (view) => durationText(view) ?? "-", isShown: someEnded },
  { header: "REPOSITORY", cell: (view) => view.repo_url ?? view.directory ?? "-" },
  {
    header: "KEPT",
    cell: ({ kept }, nowMs) => (kept ? `for ${ageText(Date.parse(kept.until_timestamp) - nowMs)}` : "-"),
    isShown: (sessions) => sessions.some(isKept),
  },
  {
    header: "RETRY",
    cell: shortRetryText,
    isShown: (sessions) => sessions.some((view) => nextRetryText(view) !== null),
  },
  {
    header: "REASON",
    cell: (view) => view.reason ?? "",
    isShown: (sessions) => sessions.some(({ reason }) => reason !== null),
  },
];

/**
 * Sessions as a table, or in words that there are none.
 *
 * @param isWhole whether nothing is cut to what people need.
 * @param known default: `COLUMNS`.
 */
export function listText(
  { sessions, unreadable }: SessionList,
  { all, limit: _limit, ...filter }: Asked,
  isWhole: boolean,
  {
    stdout,
    now,
  }: {
    readonly stdout: TableSpace & { readonly isTerminal: boolean; readonly hasColours: boolean };
    readonly now: () => number;
  },
  known: readonly Column[] = COLUMNS,
): string {
  if (sessions.length === 0 && unreadable.length === 0 && stdout.isTerminal) {
    if (Object.values(filter).some((given) => given !== undefined)) return NONE_CHOSEN;
    return all ? NONE_AT_ALL : NONE_OPEN;
  }
  const columns = known.filter(({ isShown }) => isShown?.(sessions) ?? true);
  return renderTable(
    columns.map(({ header }) => header),
    sessions.map((view) =>
      columns.map(({ cell, whole }) => (isWhole && whole !== undefined ? whole(view) : cell(view, now()))),
    ),
    isWhole ? { hasColours: stdout.hasColours } : stdout,
    { givesWay: "REPOSITORY" },
  );
}
