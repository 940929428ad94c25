import { AgentdError } from "../../errors.ts";
import type { RpcClient } from "../../rpc/client.ts";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import type { CliContext, LocalContext } from "../context.ts";
import { consoleLogOf, followConsoleLog } from "../follow.ts";
import { sessionEnd } from "../session-end.ts";

interface LogsOptions {
  readonly follow?: true;
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
      .addHelpText("after", example("agentd logs -f 0198f2"))
      .action((session: string, options: LogsOptions) => {
        start((context) => printLogs(session, options, context));
      }),
};

async function printLogs(session: string, options: LogsOptions, context: LocalContext): Promise<number> {
  const daemon = await connectIfRunning(context);
  if (daemon instanceof AgentdError) return await printFromDisk(session, options, daemon, context);
  try {
    return await printFromDaemon(daemon, session, options, context);
  } finally {
    daemon.close();
  }
}

async function printFromDaemon(
  client: RpcClient,
  session: string,
  options: LogsOptions,
  context: CliContext,
): Promise<number> {
  const { session_id: id, record, state } = await client.call("show", { session });
  const { closed } = context.stdout;
  if (options.follow !== true || state === "sealed") {
    await printLog(record, AbortSignal.abort(), context);
    return 0;
  }
  const ended = new AbortController();
  const end = sessionEnd(client, id, { signal: closed }).finally(() => ended.abort());
  const [waited, printed] = await Promise.allSettled([end, printLog(record, ended.signal, context)]);
  if (printed.status === "rejected") throw printed.reason;
  if (waited.status === "rejected" && !closed.aborted) throw waited.reason;
  return 0;
}

/** Without a daemon nobody can tell when an open session has ended: then what is there is all that can be printed. */
async function printFromDisk(
  session: string,
  options: LogsOptions,
  noDaemon: AgentdError,
  context: LocalContext,
): Promise<number> {
  const { findRecord, readDocument } = await import("../../audit/query.ts");
  const { directory } = await findRecord(await context.auditRoot(), session);
  await printLog(directory, AbortSignal.abort(), context);
  if (options.follow === true && (await readDocument(directory)).outcome === null) throw noDaemon;
  return 0;
}

/** Prints until the session has ended, or nobody reads any more. */
async function printLog(record: string, ended: AbortSignal, { stdout, stderr }: CliContext): Promise<void> {
  await followConsoleLog(consoleLogOf(record), {
    outputs: { stdout, stderr },
    ended,
    abandoned: stdout.closed,
  });
}

async function connectIfRunning(context: CliContext): Promise<RpcClient | AgentdError> {
  try {
    return await context.connect();
  } catch (error) {
    if (error instanceof AgentdError && error.code === "daemon_not_running") return error;
    throw error;
  }
}
