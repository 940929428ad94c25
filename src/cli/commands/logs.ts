import { type Command, Option } from "commander";
import { AgentdError } from "../../errors.ts";
import type { ConsoleStream } from "../../podman/console-log.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import type { PersistentClient } from "../../rpc/persistent-client.ts";
import { Interrupts } from "../attend/interrupts.ts";
import { ConsoleJson } from "../console/console-json.ts";
import { consoleLogOf, followConsoleLog, type FollowOptions } from "../console/follow.ts";
import { countOption, instantOption, MAX_COUNT } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import {
  type CliContext,
  connectIfRunning,
  type LocalContext,
  makePersistent,
  say,
} from "../frame/context.ts";
import { fingerprintsFor, fingerprintsNow } from "../frame/fingerprints.ts";
import { findFingerprints } from "../frame/found-fingerprints.ts";
import { recordOf } from "../frame/record-argument.ts";
import {
  askedSession,
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { sessionEnd } from "../frame/session-end.ts";
import { RAW_MEANING, SessionOutput } from "../terminal/session-output.ts";
import { endText } from "../words/session-text.ts";

interface LogsOptions extends LatestOption {
  readonly follow?: true;
  readonly since?: string;
  readonly tail?: string;
  readonly stream?: ConsoleStream;
  readonly timestamps?: true;
  readonly raw?: true;
  readonly json?: true;
}

/** What a shell reports for a process that an interrupt ended. */
const INTERRUPTED_EXIT_CODE = 130;

/** The values of the options. */
interface Wanted extends Pick<FollowOptions, "selection" | "tail"> {
  readonly follow: boolean;
  readonly raw: boolean;
  readonly asJson: boolean;
}

interface Reading extends Pick<FollowOptions, "ended" | "fingerprints"> {
  /** Aborts when the reader goes away. */
  readonly left: AbortSignal;
}

/** `agentd logs`: what a session has printed. */
export const logs: CommandDefinition<LocalContext> = {
  name: "logs",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("print a session's output")
      .description(
        "Prints a session's output so far: its stdout to stdout, its stderr to stderr. Works without a daemon.",
      )
      .option("-f, --follow", "follow the output until the session ends, then print its outcome")
      .option("-n, --tail <lines>", "print only this many lines from the end")
      .option(
        "--since <when>",
        "print only output since then: 10m or 1d ago, or a time such as 2026-01-02T03:04:05Z",
      )
      .addOption(new Option("--stream <name>", "print only this stream").choices(["stdout", "stderr"]))
      .option("-t, --timestamps", "start each line with the time at which it was printed")
      .option("--raw", RAW_MEANING)
      .option("--json", "print one JSON object per line, both streams on standard output")
      .addHelpText(
        "after",
        example("agentd logs -f e81234", "agentd logs -f site-builder", "agentd logs --since 10m --latest"),
      )
      .action((session: string | undefined, options: LogsOptions, self: Command) => {
        const named = namedSession(session, options, self);
        start((context) => printLogs(named, read(options, context), context));
      }),
};

function read(options: LogsOptions, { now }: CliContext): Wanted {
  const { follow, since, tail, stream, json } = options;
  // As JSON each line has its time, too.
  const timestamps = options.timestamps ?? json;
  return {
    follow: follow === true,
    raw: options.raw === true,
    asJson: json === true,
    tail: tail === undefined ? undefined : countOption("--tail", tail, { min: 0, max: MAX_COUNT }),
    selection: { stream, timestamps, sinceMs: instantOption("--since", since, now()) },
  };
}

/** Follows what a session prints from now on, to its end. */
export async function followFromNow(
  session: NamedSession,
  { raw }: { readonly raw: boolean },
  context: LocalContext,
): Promise<number> {
  const selection = { stream: undefined, timestamps: undefined, sinceMs: undefined };
  return await printLogs(session, { follow: true, raw, asJson: false, tail: 0, selection }, context);
}

async function printLogs(session: NamedSession, wanted: Wanted, context: LocalContext): Promise<number> {
  const daemon = await connectIfRunning(context);
  if (daemon instanceof AgentdError) return await printFromDisk(session, wanted, daemon, context);
  return await makePersistent(daemon, context, (client) => printFromDaemon(client, session, wanted, context));
}

async function printFromDaemon(
  client: PersistentClient,
  session: NamedSession,
  wanted: Wanted,
  context: CliContext,
): Promise<number> {
  const view = await client.call("show", { session: await askedSession(client, session) });
  const fingerprints = (): Promise<Fingerprints | undefined> => fingerprintsNow(client, view);
  return await untilInterrupted(context, async (left) => {
    if (!wanted.follow || view.state === "sealed") {
      await printLog(view.record, wanted, { ended: AbortSignal.abort(), left, fingerprints }, context);
      if (wanted.follow && !left.aborted) await say(context, endText(view));
      return;
    }
    const ended = new AbortController();
    const end = sessionEnd(client, view.session_id, { signal: left }).finally(() => ended.abort());
    const log = printLog(view.record, wanted, { ended: ended.signal, left, fingerprints }, context);
    const [waited, printed] = await Promise.allSettled([end, log]);
    if (printed.status === "rejected") throw printed.reason;
    if (left.aborted) return;
    if (waited.status === "rejected") throw waited.reason;
    await say(context, endText(waited.value));
  });
}

/** Without a daemon, the end of an open session cannot be noticed: only the existing output is printed. */
async function printFromDisk(
  session: NamedSession,
  wanted: Wanted,
  noDaemon: AgentdError,
  context: LocalContext,
): Promise<number> {
  const [{ readDocument }, { readView }] = await Promise.all([
    import("../../audit/read/query.ts"),
    import("../../audit/read/record-view.ts"),
  ]);
  const { directory, id } = await recordOf(session, context);
  const fingerprints = async (): Promise<Fingerprints | undefined> => {
    // A record whose document cannot be read is shown as one that is open.
    const known = await readDocument(directory).catch(() => ({ outcome: null, redaction: null }));
    return await fingerprintsFor({ ...known, session_id: id }, () => findFingerprints(id, context));
  };
  return await untilInterrupted(context, async (left) => {
    await printLog(directory, wanted, { ended: AbortSignal.abort(), left, fingerprints }, context);
    if (!wanted.follow || left.aborted) return;
    if ((await readDocument(directory)).outcome === null) throw noDaemon;
    await say(context, endText(await readView(directory, "sealed")));
  });
}

/**
 * Prints until the reader goes away. On a terminal, Ctrl-C is one way to stop reading: colours that the session left
 * on must be reset.
 */
async function untilInterrupted(
  context: CliContext,
  print: (left: AbortSignal) => Promise<void>,
): Promise<number> {
  const { stdout, stderr } = context;
  if (!stdout.isTerminal && !stderr.isTerminal) {
    await print(stdout.closed);
    return 0;
  }
  const { first, release } = new Interrupts(context);
  first.addEventListener("abort", release);
  try {
    await print(AbortSignal.any([stdout.closed, first]));
  } finally {
    release();
  }
  return first.aborted ? INTERRUPTED_EXIT_CODE : 0;
}

/** Prints until the session has ended or the reader goes away. */
async function printLog(
  record: string,
  { selection, tail, asJson, raw }: Wanted,
  { ended, left, fingerprints }: Reading,
  { stdout, stderr }: CliContext,
): Promise<void> {
  const outputs = asJson
    ? { stdout: new ConsoleJson("stdout", stdout), stderr: new ConsoleJson("stderr", stdout) }
    : { stdout: new SessionOutput(stdout, { raw }), stderr: new SessionOutput(stderr, { raw }) };
  await followConsoleLog(consoleLogOf(record), {
    ...{ selection, tail, outputs, ended, abandoned: left },
    fingerprints: () => (raw ? Promise.resolve(undefined) : fingerprints()),
  });
  await outputs.stdout.end();
  await outputs.stderr.end();
}
