import { type Command, Option } from "commander";
import { AgentdError } from "../../errors.ts";
import type { ConsoleStream } from "../../podman/console-log.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import type { PersistentClient } from "../../rpc/persistent-client.ts";
import { endWithItsLog } from "../attend/attend.ts";
import { Interrupts } from "../attend/interrupts.ts";
import { ConsoleJson } from "../console/console-json.ts";
import { consoleLogOf, followConsoleLog, type FollowOptions } from "../console/follow.ts";
import { printedBefore, type PrintedBytes } from "../console/printed-before.ts";
import { bytesOption, countOption, instantOption, MAX_COUNT } from "../frame/arguments.ts";
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
import { type RecordHere, withRecordHere } from "../frame/record-here.ts";
import {
  askedSession,
  lastingIdsOf,
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
  readonly fromByte?: string;
  readonly stream?: ConsoleStream;
  readonly timestamps?: true;
  readonly raw?: true;
  readonly json?: true;
}

/** What a shell reports for a process that an interrupt ended. */
const INTERRUPTED_EXIT_CODE = 130;

/** The values of the options. */
interface Wanted extends Pick<FollowOptions, "selection" | "tail"> {
  /** What of each stream is left out at the beginning. */
  readonly skipped: PrintedBytes;
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
  place: "followed",
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
      .option(
        "--from-byte <bytes>",
        "leave out so many bytes from the beginning: of --stream, or of stdout and stderr, such as 1200,30",
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
  if (options.fromByte !== undefined && tail !== undefined) {
    throw new AgentdError("usage", {
      tried: "choose output",
      why: "--tail and --from-byte exclude each other",
    });
  }
  return {
    skipped: bytesOption("--from-byte", options.fromByte, stream),
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
  const skipped = { stdout: 0, stderr: 0 };
  return await printLogs(session, { follow: true, raw, asJson: false, tail: 0, skipped, selection }, context);
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
  // One of an operator who may come back is looked up by its id: a name could mean another one by then.
  const [asked = ""] =
    context.away === undefined
      ? [await askedSession(client, session)]
      : await lastingIdsOf(client, [session], context);
  const view = await client.call("show", { session: asked });
  const fingerprints = (): Promise<Fingerprints | undefined> => fingerprintsNow(client, view);
  const print = async (here: RecordHere, left: AbortSignal): Promise<void> => {
    if (!wanted.follow || view.state === "sealed") {
      await here.update();
      await printLog(here.directory, wanted, { ended: AbortSignal.abort(), left, fingerprints }, context);
      if (wanted.follow && !left.aborted) await say(context, endText(view));
      return;
    }
    const ended = new AbortController();
    // What is there already, before it is followed: --tail counts from its end.
    await here.update();
    here.follow(AbortSignal.any([ended.signal, left]));
    const waited = sessionEnd(client, view.session_id, { signal: left });
    const end = endWithItsLog(waited, here).finally(() => ended.abort());
    const log = printLog(here.directory, wanted, { ended: ended.signal, left, fingerprints }, context);
    const [over, printed] = await Promise.allSettled([end, log]);
    if (printed.status === "rejected") throw printed.reason;
    if (left.aborted) return;
    if (over.status === "rejected") throw over.reason;
    await say(context, endText(over.value));
  };
  const { tail: lines, selection } = wanted;
  const logEnd = lines === undefined ? undefined : { lines, stream: selection?.stream };
  return await withRecordHere({ client, session: view, logEnd }, context, (here) =>
    untilInterrupted(context, (left) => print(here, left)),
  );
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
  const { away } = context;
  const lasting =
    away === undefined ? session : await away.once(async () => (await recordOf(session, context)).id);
  const { directory, id } = await recordOf(lasting, context);
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
  wanted: Wanted,
  { ended, left, fingerprints }: Reading,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr } = context;
  const { asJson, raw } = wanted;
  const prints = (): Promise<Fingerprints | undefined> => (raw ? Promise.resolve(undefined) : fingerprints());
  const file = consoleLogOf(record);
  const { selection, tail, skipped } = await lasting(file, wanted, prints, context);
  const outputs = asJson
    ? {
        stdout: new ConsoleJson("stdout", stdout, skipped.stdout),
        stderr: new ConsoleJson("stderr", stdout, skipped.stderr),
      }
    : {
        stdout: new SessionOutput(stdout, { raw, stream: "stdout", skipped: skipped.stdout }),
        stderr: new SessionOutput(stderr, { raw, stream: "stderr", skipped: skipped.stderr }),
      };
  await followConsoleLog(file, {
    ...{ selection, tail, outputs, ended, abandoned: left },
    fingerprints: prints,
  });
  await outputs.stdout.end();
  await outputs.stderr.end();
}

/** The same output for an operator who comes back: without what was printed before, and from where it began then. */
async function lasting(
  file: string,
  { selection, tail, skipped }: Wanted,
  prints: () => Promise<Fingerprints | undefined>,
  { away }: CliContext,
): Promise<Pick<Wanted, "selection" | "tail" | "skipped">> {
  if (away === undefined) return { selection, tail, skipped };
  const since = await away.once(() => Promise.resolve(String(selection?.sinceMs ?? "")));
  const chosen = selection && { ...selection, sinceMs: since === "" ? undefined : Number(since) };
  const before = await away.once(async () => {
    if (tail === undefined) return JSON.stringify(skipped);
    return JSON.stringify(await printedBefore(file, tail, chosen, await prints()));
  });
  const { stdout, stderr } = JSON.parse(before) as PrintedBytes;
  const { stdout: out, stderr: err } = away.printed ?? { stdout: 0, stderr: 0 };
  return { selection: chosen, tail: undefined, skipped: { stdout: stdout + out, stderr: stderr + err } };
}
