import { MAX_LIST_LENGTH } from "../../api/limits.ts";
import type { Params, SessionList } from "../../api/methods.ts";
import type { ListedSession } from "../../session-document.ts";
import { shortId } from "../../short-id.ts";
import { countOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withClient } from "../frame/context.ts";
import { cutText, filterOf, type FilterOptions, takingFilters } from "../frame/session-filters.ts";
import { colourOf } from "../terminal/colours.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import { allTokens, dollarsText, tokensText } from "../words/llm-text.ts";
import { durationText, standingText } from "../words/session-text.ts";
import { ageText } from "../words/time-text.ts";
import { hasChanges, shortWorkText } from "../words/work-text.ts";

interface PsOptions extends FilterOptions {
  readonly all?: true;
  readonly limit?: string;
  readonly json?: true;
}

/** How many of all sessions are shown by default; unsealed sessions are all shown. */
const ALL_LIMIT = "20";

const NONE_AT_ALL = "There are no sessions yet.";
const NONE_OPEN = "No sessions are queued or running. `agentd ps -a` lists ended sessions.";
const NONE_CHOSEN = "No sessions match.";

/** A column of the table. */
interface Column {
  readonly header: string;
  readonly cell: (view: ListedSession, nowMs: number) => Cell;
  /** Whether the column is shown for these sessions; default: always. */
  readonly isShown?: (sessions: readonly ListedSession[]) => boolean;
}

const someEnded = (sessions: readonly ListedSession[]): boolean =>
  sessions.some(({ state }) => state === "sealed");

/** Also of a daemon that is older, and has no such field. */
function usesModels(sessions: readonly ListedSession[]): boolean {
  return sessions.some(({ llm }) => (llm ?? null) !== null);
}

const COLUMNS: readonly Column[] = [
  { header: "SESSION", cell: (view) => shortId(view.session_id) },
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
  { header: "WORK UNIT", cell: (view) => view.work_unit ?? "-" },
  { header: "AGE", cell: (view, nowMs) => ageText(nowMs - Date.parse(view.queued_timestamp)) },
  { header: "TOOK", cell: (view) => durationText(view) ?? "-", isShown: someEnded },
  { header: "REPOSITORY", cell: (view) => view.repo_url ?? view.directory ?? "-" },
  {
    header: "REASON",
    cell: (view) => view.reason ?? "",
    isShown: (sessions) => sessions.some(({ reason }) => reason !== null),
  },
];

/** `agentd ps`: the sessions, the newest first. */
export const ps: CommandDefinition = {
  name: "ps",
  faults: FAULTS,
  define: (command, start) =>
    takingFilters(command)
      .summary("list sessions")
      .description(
        "Lists sessions that are not sealed yet, newest first; with --all, --failed, --since or --until, sealed " +
          "sessions too. SESSION shows the last digits of the id, which name the session in every command.",
      )
      .option("-a, --all", "include sealed sessions, with their outcome as state")
      .option(
        "--limit <count>",
        `show at most this many (default: all that are not sealed; ${ALL_LIMIT} with sealed ones)`,
      )
      .option("--json", "print a JSON array")
      .addHelpText(
        "after",
        example("agentd ps", "agentd ps --failed --since 1d", "agentd ps -a --limit 5 --json"),
      )
      .action((options: PsOptions) => {
        start((context) => listSessions(options, context));
      }),
};

async function listSessions(options: PsOptions, context: CliContext): Promise<number> {
  const params = paramsOf(options, context.now());
  const list = await withClient(context, (client) => client.call("list", params));
  if (options.json === true) await context.stdout.json(list.sessions);
  else await context.stdout.line(listText(list, params, context));
  for (const { record, why } of list.unreadable) await say(context, `${record} is not listed: ${why}`);
  const cut = cutText(list.sessions.length + list.unreadable.length, list.total);
  if (cut !== undefined) await say(context, cut);
  return list.unreadable.length === 0 ? 0 : 1;
}

function paramsOf(options: PsOptions, nowMs: number): Params<"list"> {
  const { failed, profile, sinceMs, untilMs } = filterOf(options, nowMs);
  const all = options.all === true || failed || sinceMs !== undefined || untilMs !== undefined;
  const limit = options.limit ?? (all ? ALL_LIMIT : String(MAX_LIST_LENGTH));
  return {
    all,
    limit: countOption("--limit", limit, { max: MAX_LIST_LENGTH }),
    profile,
    failed: failed || undefined,
    since_timestamp: timestampOf(sinceMs),
    until_timestamp: timestampOf(untilMs),
  };
}

function timestampOf(ms: number | undefined): string | undefined {
  // An age can reach back before the earliest possible date.
  return ms === undefined ? undefined : new Date(Math.max(0, ms)).toISOString();
}

function listText(
  { sessions, unreadable }: SessionList,
  { all, limit: _limit, ...filter }: Params<"list">,
  { stdout, now }: CliContext,
): string {
  if (sessions.length === 0 && unreadable.length === 0 && stdout.isTerminal) {
    if (Object.values(filter).some((given) => given !== undefined)) return NONE_CHOSEN;
    return all ? NONE_AT_ALL : NONE_OPEN;
  }
  const columns = COLUMNS.filter(({ isShown }) => isShown?.(sessions) ?? true);
  return renderTable(
    columns.map(({ header }) => header),
    sessions.map((view) => columns.map(({ cell }) => cell(view, now()))),
    stdout,
    { givesWay: "REPOSITORY" },
  );
}
