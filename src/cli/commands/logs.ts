import { Option } from "commander";
import { AgentdError } from "../../errors.ts";
import { countOption, instantOption, MAX_COUNT } from "../arguments.ts";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import { ConsoleJson } from "../console-json.ts";
import type { ConsoleStream } from "../console-log.ts";
import { connectIfRunning, makePersistent, type CliContext, type LocalContext } from "../context.ts";
import { consoleLogOf, followConsoleLog, type FollowOptions } from "../follow.ts";
import type { PersistentClient } from "../persistent-client.ts";
import { sessionEnd } from "../session-end.ts";

interface LogsOptions {
  readonly follow?: true;
  readonly since?: string;
  readonly tail?: string;
  readonly stream?: ConsoleStream;
  readonly timestamps?: true;
  readonly json?: true;
}

/** What the options say. */
interface Wanted extends Pick<FollowOptions, "selection" | "tail"> {
  readonly follow: boolean;
  readonly asJson: boolean;
}

/** `agentd logs`: what a session has printed. */
export const logs: CommandDefinition<LocalContext> = {
  name: "logs",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("print what a session printed")
      .description(
        "Prints what a session has printed so far, each of its streams on ours. Works without a daemon, too.",
      )
      .argument("<session>", "id of the session, or an unambiguous beginning of it")
      .option("-f, --follow", "go on until the session has ended")
      .option("-n, --tail <lines>", "only so many lines from the end")
      .option(
        "--since <when>",
        "only what was printed since: 10m ago, or a time such as 2026-01-02T03:04:05Z",
      )
      .addOption(new Option("--stream <name>", "only one stream").choices(["stdout", "stderr"]))
      .option("-t, --timestamps", "begin each line with the time at which it was printed")
      .option("--json", "print a JSON object for each line, all of them on standard output")
      .addHelpText(
        "after",
        example("agentd logs -f 0198f2", "agentd logs --since 10m --stream stderr 0198f2"),
      )
      .action((session: string, options: LogsOptions) => {
        start((context) => printLogs(session, read(options, context), context));
      }),
};

function read(options: LogsOptions, { now }: CliContext): Wanted {
  const { follow, since, tail, stream, json } = options;
  // As JSON each line has its time, too.
  const timestamps = options.timestamps ?? json;
  return {
    follow: follow === true,
    asJson: json === true,
    tail: tail === undefined ? undefined : countOption("--tail", tail, { min: 0, max: MAX_COUNT }),
    selection: { stream, timestamps, sinceMs: instantOption("--since", since, now()) },
  };
}

async function printLogs(session: string, wanted: Wanted, context: LocalContext): Promise<number> {
  const daemon = await connectIfRunning(context);
  if (daemon instanceof AgentdError) return await printFromDisk(session, wanted, daemon, context);
  return await makePersistent(daemon, context, (client) => printFromDaemon(client, session, wanted, context));
}

async function printFromDaemon(
  client: PersistentClient,
  session: string,
  wanted: Wanted,
  context: CliContext,
): Promise<number> {
  const { session_id: id, record, state } = await client.call("show", { session });
  const { closed } = context.stdout;
  if (!wanted.follow || state === "sealed") {
    await printLog(record, wanted, AbortSignal.abort(), context);
    return 0;
  }
  const ended = new AbortController();
  const end = sessionEnd(client, id, { signal: closed }).finally(() => ended.abort());
  const [waited, printed] = await Promise.allSettled([end, printLog(record, wanted, ended.signal, context)]);
  if (printed.status === "rejected") throw printed.reason;
  if (waited.status === "rejected" && !closed.aborted) throw waited.reason;
  return 0;
}

/** Without a daemon nobody can tell when an open session has ended: then what is there is all that can be printed. */
async function printFromDisk(
  session: string,
  wanted: Wanted,
  noDaemon: AgentdError,
  context: LocalContext,
): Promise<number> {
  const { findRecord, readDocument } = await import("../../audit/query.ts");
  const { directory } = await findRecord(await context.auditRoot(), session);
  await printLog(directory, wanted, AbortSignal.abort(), context);
  if (wanted.follow && (await readDocument(directory)).outcome === null) throw noDaemon;
  return 0;
}

/** Prints until the session has ended, or nobody reads any more. */
async function printLog(
  record: string,
  { selection, tail, asJson }: Wanted,
  ended: AbortSignal,
  { stdout, stderr }: CliContext,
): Promise<void> {
  const json = asJson
    ? { stdout: new ConsoleJson("stdout", stdout), stderr: new ConsoleJson("stderr", stdout) }
    : undefined;
  await followConsoleLog(consoleLogOf(record), {
    selection,
    tail,
    outputs: json ?? { stdout, stderr },
    ended,
    abandoned: stdout.closed,
  });
  await json?.stdout.end();
  await json?.stderr.end();
}
