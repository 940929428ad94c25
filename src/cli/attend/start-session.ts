/** Starting a session and staying with it, as `run` and `rerun` do. */
import { AgentdError } from "../../errors.ts";
import type { Caller, CallOptions } from "../../rpc/client.ts";
import type { PersistentClient } from "../../rpc/persistent-client.ts";
import type { SessionView } from "../../session-document.ts";
import { type CliContext, say, withPersistentClient } from "../frame/context.ts";
import { tellDaemonNotes } from "../frame/daemon-notes.ts";
import { explainingLoss } from "../frame/session-end.ts";
import { printable } from "../terminal/printable.ts";
import { SessionOutput } from "../terminal/session-output.ts";
import { endText, exitCodeOf, warningTexts } from "../words/session-text.ts";
import { attend } from "./attend.ts";
import { Interrupts } from "./interrupts.ts";

/** How a command stays with its session. */
export interface StartOptions {
  readonly detach?: true;
  readonly raw?: true;
  readonly json?: true;
}

/** A session to start. */
export interface Start {
  /** As a phrase after "cannot". */
  readonly tried: string;
  /**
   * Asks the daemon for it. If the answer is lost, it is asked again: the same request gets the same session.
   */
  readonly begin: (client: Caller, options: CallOptions) => Promise<SessionView>;
}

/** What a shell reports for a process that an interrupt ended. */
const DETACHED_EXIT_CODE = 130;

/** What to do if it is unknown whether the session was accepted. */
const LOOK = "Once a daemon answers, `agentd ps -a` shows whether the session was accepted.";

/** Starts a session and follows it to its end, or leaves it to the daemon; resolves to the exit code. */
export async function startSession(
  start: Start,
  options: StartOptions,
  context: CliContext,
): Promise<number> {
  return await withPersistentClient(context, async (client) =>
    options.detach === true
      ? await startDetached(client, start, options, context)
      : await startAttached(client, start, options, context),
  );
}

async function startDetached(
  client: Caller,
  start: Start,
  options: StartOptions,
  context: CliContext,
): Promise<number> {
  const { stdout } = context;
  const accepted = await accept(client, start);
  await tellDaemonNotes(client, context);
  await (options.json === true ? stdout.json(accepted) : stdout.line(accepted.session_id));
  return 0;
}

async function startAttached(
  client: PersistentClient,
  start: Start,
  options: StartOptions,
  context: CliContext,
): Promise<number> {
  const interrupts = new Interrupts(context);
  try {
    const accepted = await acceptUnlessInterrupted(client, start, interrupts, context);
    const { stdout, stderr, away } = context;
    // An operator whose connection was cut has read it.
    if (away?.printed === undefined) await tellAccepted(accepted, client, interrupts, context);
    const raw = { raw: options.raw === true };
    const streams = { stdout: options.json === true ? stderr : stdout, stderr };
    const outputOf = (stream: "stdout" | "stderr"): SessionOutput =>
      new SessionOutput(streams[stream], { ...raw, stream, skipped: away?.printed?.[stream] });
    const outputs = { stdout: outputOf("stdout"), stderr: outputOf("stderr") };
    const sealed = await attend({ client, session: accepted, outputs, interrupts, ...raw }, context);
    return sealed === undefined
      ? await tellDetached(accepted, context)
      : await tellEnd(sealed, options, context);
  } finally {
    interrupts.release();
  }
}

async function tellAccepted(
  accepted: SessionView,
  client: PersistentClient,
  { second }: Interrupts,
  context: CliContext,
): Promise<void> {
  await say(context, `session ${accepted.session_id} accepted, recorded in ${printable(accepted.record)}`);
  await tellDaemonNotes(client, context, second);
}

async function accept(client: Caller, start: Start, options: CallOptions = {}): Promise<SessionView> {
  return await explainingLoss(start.begin(client, options), {
    tried: start.tried,
    next: LOOK,
  });
}

async function acceptUnlessInterrupted(
  client: PersistentClient,
  start: Start,
  interrupts: Interrupts,
  context: CliContext,
): Promise<SessionView> {
  const { first, second } = interrupts;
  const note = (): void => {
    if (client.isAway)
      void say(
        context,
        "the session will be told to stop once it is accepted; press Ctrl-C again to leave it",
      );
  };
  first.addEventListener("abort", note, { once: true });
  try {
    return await accept(client, start, { signal: second });
  } catch (error) {
    if (!second.aborted) throw error;
    throw new AgentdError("daemon_lost", {
      tried: start.tried,
      why: "interrupted before the daemon answered",
      next: LOOK,
    });
  } finally {
    first.removeEventListener("abort", note);
  }
}

async function tellDetached(session: SessionView, context: CliContext): Promise<number> {
  const id = session.session_id;
  await say(context, `session ${id} continues in the daemon; follow it with \`agentd logs -f ${id}\``);
  return DETACHED_EXIT_CODE;
}

async function tellEnd(sealed: SessionView, options: StartOptions, context: CliContext): Promise<number> {
  for (const warning of warningTexts(sealed)) await say(context, warning);
  await say(context, endText(sealed));
  if (options.json === true) await context.stdout.json(sealed);
  return exitCodeOf(sealed);
}
