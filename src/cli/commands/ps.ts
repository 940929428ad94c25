import { MAX_LIST_LENGTH } from "../../api/limits.ts";
import type { Params, SessionList } from "../../api/methods.ts";
import { AgentdError } from "../../errors.ts";
import type { ListedSession } from "../../session-document.ts";
import { showLive } from "../attend/show-live.ts";
import { collectOption, countOption } from "../frame/arguments.ts";
import { askList } from "../frame/ask-list.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withClient } from "../frame/context.ts";
import { cutText, filterOf, type FilterOptions, takingFilters } from "../frame/session-filters.ts";
import { chosenBy, type ChosenSessions } from "../frame/session-predicates.ts";
import { fillTemplate, readTemplate, type Template } from "../words/field-template.ts";
import { COLUMNS, listText } from "../words/session-table.ts";

interface PsOptions extends FilterOptions {
  readonly allContexts?: true;
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
      .option(
        "--all-contexts",
        "ask this machine and the hosts of all contexts; exits with 1 if one does not answer",
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
  if (options.allContexts === true)
    return await listAllContexts(options, shape, { ...params, chosen }, context);
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

async function listAllContexts(
  options: PsOptions,
  shape: Shape,
  asked: Asked,
  context: CliContext,
): Promise<number> {
  if (shape.kind === "ids" || shape.kind === "template") {
    throw new AgentdError("usage", {
      tried: "list the sessions of all contexts",
      why: "--quiet and --format do not say where a session is",
      next: "Use --json.",
    });
  }
  const { sessionsOfAll } = await import("./ps-all-contexts.ts");
  const { chosen, ...params } = asked;
  const askHere = (): Promise<SessionList> =>
    withClient(context, (client) => askList(client, params, chosen?.matches));
  const { sessions, contextOf, isComplete } = await sessionsOfAll(options, askHere, context);
  const place = (view: ListedSession): string => contextOf.get(view) ?? "";
  if (shape.kind === "table") {
    const list = { sessions: [...sessions], unreadable: [], total: null };
    const columns = [{ header: "CONTEXT", cell: place }, ...COLUMNS];
    await context.stdout.line(listText(list, asked, shape.isWhole, context, columns));
  } else await context.stdout.json(sessions.map((session) => ({ context: place(session), ...session })));
  return isComplete ? 0 : 1;
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

function timestampOf(ms: number | undefined): string | undefined {
  // An age can reach back before the earliest possible date.
  return ms === undefined ? undefined : new Date(Math.max(0, ms)).toISOString();
}
