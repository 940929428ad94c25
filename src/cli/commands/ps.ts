import { MAX_LIST_LENGTH } from "../../api/limits.ts";
import type { Params, SessionList } from "../../api/methods.ts";
import { AgentdError } from "../../errors.ts";
import type { Caller } from "../../rpc/client.ts";
import type { ListedSession } from "../../session-document.ts";
import { shortId } from "../../short-id.ts";
import { showLive } from "../attend/show-live.ts";
import { collectOption, countOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withClient } from "../frame/context.ts";
import { cutText, filterOf, type FilterOptions, takingFilters } from "../frame/session-filters.ts";
import { chosenBy, type ChosenSessions } from "../frame/session-predicates.ts";
import { colourOf } from "../terminal/colours.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import { fillTemplate, readTemplate, type Template } from "../words/field-template.ts";
import { allTokens, dollarsText, tokensText } from "../words/llm-text.ts";
import { durationText, standingText } from "../words/session-text.ts";
import { ageText } from "../words/time-text.ts";
import { hasChanges, shortWorkText } from "../words/work-text.ts";

interface PsOptions extends FilterOptions {
  readonly all?: true;
  readonly latest?: true;
  readonly last?: string;
  readonly limit?: string;
  readonly filter?: readonly string[];
  readonly quiet?: true;
  readonly trunc: boolean;
  readonly watch?: true;
  readonly format?: string;
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
  /** Where it is not cut to what people need. Default: as `cell`. */
  readonly whole?: (view: ListedSession) => Cell;
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
  aliases: ["ls", "list"],
  faults: FAULTS,
  define: (command, start) =>
    takingFilters(command)
      .summary("list sessions")
      .description(
        "Lists sessions that are not sealed yet, newest first; with --all, --failed, --since, --until, --latest or\n" +
          "--last, sealed sessions too. SESSION shows the last digits of the id, which name the session in every command.",
      )
      .option("-a, --all", "include sealed sessions, with their outcome as state")
      .option("-l, --latest", "show the newest session of all, whether sealed or not")
      .option("-n, --last <count>", "show the newest sessions of all, this many")
      .option(
        "--limit <count>",
        `show at most this many (default: all that are not sealed; ${ALL_LIMIT} with sealed ones)`,
      )
      .option(
        "--filter <key=value>",
        "show only sessions of which this is true, such as state=running or work_unit=issue-42; repeatable",
        collectOption,
      )
      .option("-q, --quiet", "print ids alone")
      .option("--no-trunc", "shorten nothing")
      .option("-w, --watch", "show the table anew whenever something happens, until Ctrl-C; needs a terminal")
      .option(
        "--format <template>",
        "print json, or a line for each session, such as '{{.session_id}} {{.state}}'",
      )
      .option("--json", "print a JSON array")
      .addHelpText(
        "after",
        example(
          "agentd ps",
          "agentd ps --failed --since 1d",
          "agentd ps -w",
          "agentd ps -a --limit 5 --json",
          "agentd stop $(agentd ps -q --filter profile=site-builder)",
          "agentd ps -a --format 'table {{.ID}}\\t{{.Profile}}\\t{{.Status}}'",
        ),
      )
      .action((options: PsOptions) => {
        start((context) => listSessions(options, context));
      }),
};

async function listSessions(options: PsOptions, context: CliContext): Promise<number> {
  const shape = shapeOf(options);
  const chosen = options.filter === undefined ? undefined : chosenBy(options.filter);
  const params = paramsOf(options, chosen?.withSealed === true, context.now());
  if (options.watch === true) {
    const isWhole = requireTable(shape, context);
    const asked = { ...params, chosen };
    const text = (list: SessionList): string => listText(list, asked, isWhole, context);
    return await showLive({ ask: (client) => askList(client, params, chosen?.matches), text }, context);
  }
  const list = await withClient(context, (client) => askList(client, params, chosen?.matches));
  await print(shape, list, { ...params, chosen }, context);
  for (const { record, why } of list.unreadable) await say(context, `${record} is not listed: ${why}`);
  const isCutOnPurpose = options.latest === true || options.last !== undefined;
  const cut = isCutOnPurpose ? undefined : cutText(list.sessions.length + list.unreadable.length, list.total);
  if (cut !== undefined) await say(context, cut);
  return list.unreadable.length === 0 ? 0 : 1;
}

function requireTable(shape: Shape, { stdout }: CliContext): boolean {
  if (shape.kind === "table" && stdout.isTerminal) return shape.isWhole;
  throw new AgentdError("usage", {
    tried: "show sessions live",
    why: shape.kind === "table" ? "standard output is no terminal" : "--watch shows a table only",
    next: "Leave --watch out, or follow what happens with `agentd events -f --json`.",
  });
}

/** How sessions are printed. */
type Shape =
  | { readonly kind: "json" | "ids" }
  | { readonly kind: "table"; readonly isWhole: boolean }
  | { readonly kind: "template"; readonly template: Template };

function shapeOf({ json, quiet, format, trunc }: PsOptions): Shape {
  const ways = [json, quiet, format].filter((given) => given !== undefined);
  if (ways.length > 1) {
    throw new AgentdError("usage", {
      tried: "list sessions",
      why: "give one of --json, --quiet and --format",
    });
  }
  if (json === true || format === "json") return { kind: "json" };
  if (quiet === true) return { kind: "ids" };
  if (format !== undefined && format !== "table") return { kind: "template", template: readTemplate(format) };
  return { kind: "table", isWhole: !trunc };
}

type Asked = Params<"list"> & { readonly chosen: ChosenSessions | undefined };

async function print(shape: Shape, list: SessionList, asked: Asked, context: CliContext): Promise<void> {
  const { stdout } = context;
  switch (shape.kind) {
    case "json": {
      await stdout.json(list.sessions);
      return;
    }
    case "ids": {
      await stdout.lines(list.sessions.map(({ session_id: id }) => id));
      return;
    }
    case "template": {
      await stdout.lines(fillTemplate(shape.template, list.sessions, stdout));
      return;
    }
    case "table": {
      await stdout.line(listText(list, asked, shape.isWhole, context));
      return;
    }
  }
}

function paramsOf(options: PsOptions, withSealed: boolean, nowMs: number): Params<"list"> {
  const { failed, profile, sinceMs, untilMs } = filterOf(options, nowMs);
  const newest = newestOf(options);
  const isPast = failed || withSealed || sinceMs !== undefined || untilMs !== undefined;
  const all = options.all === true || isPast || newest !== undefined;
  const limit = options.limit ?? (all ? ALL_LIMIT : String(MAX_LIST_LENGTH));
  return {
    all,
    limit: newest ?? countOption("--limit", limit, { max: MAX_LIST_LENGTH }),
    profile,
    failed: failed || undefined,
    since_timestamp: timestampOf(sinceMs),
    until_timestamp: timestampOf(untilMs),
  };
}

function newestOf({ latest, last, limit }: PsOptions): number | undefined {
  if ([latest, last, limit].filter((given) => given !== undefined).length > 1) {
    throw new AgentdError("usage", {
      tried: "list sessions",
      why: "give one of --latest, --last and --limit",
    });
  }
  if (latest === true) return 1;
  return last === undefined ? undefined : countOption("--last", last, { max: MAX_LIST_LENGTH });
}

/** The daemon does not know every filter, so it is asked for pages, until there is enough that matches. */
async function askList(
  client: Caller,
  params: Params<"list">,
  matches: ChosenSessions["matches"] | undefined,
): Promise<SessionList> {
  if (matches === undefined) return await client.call("list", params);
  const { limit } = params;
  const seen = new Set<string>();
  const sessions: ListedSession[] = [];
  let until = params.until_timestamp;
  for (;;) {
    const page = await client.call("list", { ...params, limit: MAX_LIST_LENGTH, until_timestamp: until });
    const fresh = page.sessions.filter(({ session_id: id }) => !seen.has(id));
    for (const session of fresh) {
      seen.add(session.session_id);
      if (matches(session)) sessions.push(session);
    }
    const isLast = page.sessions.length + page.unreadable.length < MAX_LIST_LENGTH || fresh.length === 0;
    if (isLast || sessions.length > limit) {
      const total = isLast ? sessions.length : null;
      return { sessions: sessions.slice(0, limit), unreadable: [], total };
    }
    until = fresh.at(-1)?.queued_timestamp;
  }
}

function timestampOf(ms: number | undefined): string | undefined {
  // An age can reach back before the earliest possible date.
  return ms === undefined ? undefined : new Date(Math.max(0, ms)).toISOString();
}

function listText(
  { sessions, unreadable }: SessionList,
  { all, limit: _limit, ...filter }: Asked,
  isWhole: boolean,
  { stdout, now }: CliContext,
): string {
  if (sessions.length === 0 && unreadable.length === 0 && stdout.isTerminal) {
    if (Object.values(filter).some((given) => given !== undefined)) return NONE_CHOSEN;
    return all ? NONE_AT_ALL : NONE_OPEN;
  }
  const columns = COLUMNS.filter(({ isShown }) => isShown?.(sessions) ?? true);
  return renderTable(
    columns.map(({ header }) => header),
    sessions.map((view) =>
      columns.map(({ cell, whole }) => (isWhole && whole !== undefined ? whole(view) : cell(view, now()))),
    ),
    isWhole ? { hasColours: stdout.hasColours } : stdout,
    { givesWay: "REPOSITORY" },
  );
}
