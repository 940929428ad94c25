import { readFile } from "node:fs/promises";
import type { Params } from "../../api/methods.ts";
import { AgentdError } from "../../errors.ts";
import type { Caller, CallOptions } from "../../rpc/client.ts";
import type { PersistentClient } from "../../rpc/persistent-client.ts";
import type { SessionView } from "../../session-document.ts";
import { attend } from "../attend/attend.ts";
import { Interrupts } from "../attend/interrupts.ts";
import { durationOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, SESSION_FAULTS } from "../frame/command.ts";
import { type CliContext, say, withPersistentClient } from "../frame/context.ts";
import { tellDaemonNotes } from "../frame/daemon-notes.ts";
import { explainingLoss } from "../frame/session-end.ts";
import { printable } from "../terminal/printable.ts";
import { RAW_MEANING, SessionOutput } from "../terminal/session-output.ts";
import { endText, exitCodeOf, warningTexts } from "../words/session-text.ts";

interface RunOptions {
  readonly workUnit?: string;
  readonly ref?: string;
  readonly timeout?: string;
  readonly detach?: true;
  readonly raw?: true;
  readonly json?: true;
}

/** What a shell reports for a process that an interrupt ended. */
const DETACHED_EXIT_CODE = 130;

/** What to do if it is unknown whether the session was accepted. */
const LOOK = "Once a daemon answers, `agentd ps -a` shows whether the session was accepted.";

/** `agentd run`: starts a session and follows it to its end. */
export const run: CommandDefinition = {
  name: "run",
  faults: SESSION_FAULTS,
  define: (command, start) =>
    command
      .summary("run a session and follow it")
      .description(
        "Runs a session of a profile, prints its output, and exits with its exit code.\n" +
          "Ctrl-C asks the session to stop; a second Ctrl-C leaves it running. Both the session and this command survive a daemon restart.",
      )
      .argument("<profile>", "a profile of the configuration")
      .argument("[repo]", "repository to clone (default: the profile's)")
      .option("--work-unit <id>", "what to work on; the session gets it as AGENTD_WORK_UNIT")
      .option("--ref <ref>", "branch, tag or commit (default: the profile's, else the repository's)")
      .option("--timeout <duration>", "end the session after this time, such as 90s, 30m, 6h or 1d")
      .option("-d, --detach", "print the session id and exit")
      .option("--raw", RAW_MEANING)
      .option("--json", "print the session as one JSON object when it ends, and its output to standard error")
      .addHelpText(
        "after",
        example(
          "agentd run site-builder --work-unit issue-42",
          "agentd run site-builder --detach --timeout 2h",
        ),
      )
      .action((profile: string, repo: string | undefined, options: RunOptions) => {
        start((context) => runSession(profile, repo, options, context));
      }),
};

async function runSession(
  profile: string,
  repo: string | undefined,
  options: RunOptions,
  context: CliContext,
): Promise<number> {
  const request = {
    request_id: await newUuid(),
    profile,
    repo,
    ref: options.ref,
    work_unit: options.workUnit,
    timeout_ms: durationOption("--timeout", options.timeout),
  };
  return await withPersistentClient(context, async (client) =>
    options.detach === true
      ? await startDetached(client, request, options, context)
      : await startAttached(client, request, options, context),
  );
}

/** From the kernel: loading node:crypto for it would take the client 3 ms. */
async function newUuid(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/uuid", "utf8")).trim();
}

async function startDetached(
  client: Caller,
  request: Params<"run">,
  options: RunOptions,
  context: CliContext,
): Promise<number> {
  const { stdout } = context;
  const accepted = await accept(client, request);
  await tellDaemonNotes(client, context);
  await (options.json === true ? stdout.json(accepted) : stdout.line(accepted.session_id));
  return 0;
}

async function startAttached(
  client: PersistentClient,
  request: Params<"run">,
  options: RunOptions,
  context: CliContext,
): Promise<number> {
  const interrupts = new Interrupts(context);
  try {
    const accepted = await acceptUnlessInterrupted(client, request, interrupts, context);
    await say(context, `session ${accepted.session_id} accepted, recorded in ${printable(accepted.record)}`);
    await tellDaemonNotes(client, context, interrupts.second);
    const { stdout, stderr } = context;
    const raw = { raw: options.raw === true };
    const outputs = {
      stdout: new SessionOutput(options.json === true ? stderr : stdout, raw),
      stderr: new SessionOutput(stderr, raw),
    };
    const sealed = await attend({ client, session: accepted, outputs, interrupts }, context);
    return sealed === undefined
      ? await tellDetached(accepted, context)
      : await tellEnd(sealed, options, context);
  } finally {
    interrupts.release();
  }
}

/** If the daemon's answer is lost, the request is sent again: the same request gets the same session. */
async function accept(
  client: Caller,
  request: Params<"run">,
  options: CallOptions = {},
): Promise<SessionView> {
  return await explainingLoss(client.call("run", request, options), {
    tried: `run ${request.profile}`,
    next: LOOK,
  });
}

async function acceptUnlessInterrupted(
  client: PersistentClient,
  request: Params<"run">,
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
    return await accept(client, request, { signal: second });
  } catch (error) {
    if (!second.aborted) throw error;
    throw new AgentdError("daemon_lost", {
      tried: `run ${request.profile}`,
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

async function tellEnd(sealed: SessionView, options: RunOptions, context: CliContext): Promise<number> {
  for (const warning of warningTexts(sealed)) await say(context, warning);
  await say(context, endText(sealed));
  if (options.json === true) await context.stdout.json(sealed);
  return exitCodeOf(sealed);
}
