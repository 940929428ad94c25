import type { SessionList } from "../../rpc/methods.ts";
import { MAX_LIST_LENGTH } from "../../rpc/protocol.ts";
import type { ListedSession } from "../../session-document.ts";
import { countOption } from "../arguments.ts";
import { colourOf } from "../colours.ts";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import { say, withClient, type CliContext } from "../context.ts";
import { printable } from "../printable.ts";
import { standingText } from "../session-text.ts";
import { renderTable, type Cell } from "../table.ts";
import { ageText } from "../time-text.ts";

interface PsOptions {
  readonly all?: true;
  readonly limit?: string;
  readonly json?: true;
}

/** How many of all sessions are shown unless asked for more; of those not sealed, all are. */
const ALL_LIMIT = "20";

const NONE_AT_ALL = "There are no sessions yet.";
const NONE_OPEN = "Nothing is queued or running; `agentd ps -a` shows what has ended.";

const HEADERS = ["SESSION", "PROFILE", "STATE", "WORK UNIT", "AGE", "REPOSITORY"];

/** `agentd ps`: the sessions, the newest first. */
export const ps: CommandDefinition = {
  name: "ps",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("list sessions")
      .description(
        "Lists the sessions that are not sealed yet, the newest first; with --all, the sealed ones too.",
      )
      .option("-a, --all", "also the sealed ones, with their outcome as state")
      .option(
        "--limit <count>",
        `at most so many (default: all that are not sealed; with --all, ${ALL_LIMIT})`,
      )
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd ps", "agentd ps -a --limit 5 --json"))
      .action((options: PsOptions) => {
        start((context) => listSessions(options, context));
      }),
};

async function listSessions(options: PsOptions, context: CliContext): Promise<number> {
  const all = options.all === true;
  const limit = options.limit ?? (all ? ALL_LIMIT : String(MAX_LIST_LENGTH));
  const params = { all, limit: countOption("--limit", limit, { max: MAX_LIST_LENGTH }) };
  const list = await withClient(context, (client) => client.call("list", params));
  if (options.json === true) await context.stdout.json(list.sessions);
  else await context.stdout.line(listText(list, all, context));
  for (const { record, why } of list.unreadable)
    await say(context, `${printable(record)} is not listed: ${printable(why)}`);
  return list.unreadable.length === 0 ? 0 : 1;
}

function listText({ sessions, unreadable }: SessionList, all: boolean, { stdout, now }: CliContext): string {
  if (sessions.length === 0 && unreadable.length === 0 && stdout.isTerminal)
    return all ? NONE_AT_ALL : NONE_OPEN;
  // Most of the time nothing waits: then the repository has the room.
  const headers = sessions.some(({ reason }) => reason !== null) ? [...HEADERS, "REASON"] : HEADERS;
  const rows = sessions.map((view) => row(view, now()));
  return renderTable(
    headers,
    rows.map((cells) => cells.slice(0, headers.length)),
    stdout,
  );
}

function row(view: ListedSession, nowMs: number): Cell[] {
  return [
    view.session_id,
    view.profile,
    { text: standingText(view), colour: colourOf(view) },
    view.work_unit ?? "-",
    ageText(nowMs - Date.parse(view.queued_timestamp)),
    view.repo_url,
    view.reason ?? "",
  ];
}
