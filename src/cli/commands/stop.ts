import { MAX_LIST_LENGTH } from "../../api/limits.ts";
import { AgentdError } from "../../errors.ts";
import type { Caller } from "../../rpc/client.ts";
import { graceOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withPersistentClient } from "../frame/context.ts";
import {
  lastingIdsOf,
  type LatestOption,
  type NamedSession,
  takingSessions,
} from "../frame/session-argument.ts";
import { explainingLoss, sessionEnd } from "../frame/session-end.ts";
import { endText } from "../words/session-text.ts";

interface StopOptions extends LatestOption {
  readonly all?: true;
  readonly grace?: string;
}

/** `agentd stop`: tells sessions to stop and waits until they are sealed. */
export const stop: CommandDefinition = {
  name: "stop",
  aliases: ["kill", "cancel"],
  faults: FAULTS,
  place: "followed",
  define: (command, start) =>
    takingSessions(command)
      .summary("stop sessions")
      .description(
        "Stops sessions and waits until they are sealed: sends SIGTERM, then SIGKILL after the grace period.\n" +
          "An ended session is left as it is; a queued session never runs.",
      )
      .option("-a, --all", "stop every session that has not ended, including queued ones")
      .option(
        "--grace <duration>",
        "time between SIGTERM and SIGKILL, such as 30s, or 0s for none (default: as configured)",
      )
      .addHelpText(
        "after",
        example("agentd stop e81234 --grace 1m", "agentd stop e81234 site-builder", "agentd stop --all"),
      )
      .action((sessions: readonly string[], options: StopOptions) => {
        start((context) => stopSessions(sessions, options, context));
      }),
};

async function stopSessions(
  sessions: readonly string[],
  options: StopOptions,
  context: CliContext,
): Promise<number> {
  const graceMs = graceOption("--grace", options.grace);
  const named = [sessions.length > 0 || undefined, options.latest, options.all];
  if (named.filter((given) => given !== undefined).length !== 1) throw notOne();
  await withPersistentClient(context, async (client) => {
    if (options.all === true) await stopAll(client, graceMs, context);
    else await stopNamed(client, sessions.length > 0 ? sessions : [undefined], graceMs, context);
  });
  return 0;
}

/** Every name is looked up before any session is stopped: a misspelt one stops none. */
async function stopNamed(
  client: Caller,
  named: readonly NamedSession[],
  graceMs: number | undefined,
  context: CliContext,
): Promise<void> {
  const ids = await lastingIdsOf(client, named, context);
  for (const id of ids) await tellToStop(client, id, graceMs);
  for (const id of ids) await tellEnd(client, id, context);
}

async function stopAll(client: Caller, graceMs: number | undefined, context: CliContext): Promise<void> {
  let stopped = 0;
  for (;;) {
    const { sessions } = await client.call("list", { all: false, limit: MAX_LIST_LENGTH });
    // The newest first, as listed, so that stopping one session does not start a queued one.
    for (const { session_id: id } of sessions) await tellToStop(client, id, graceMs);
    for (const { session_id: id } of sessions) await tellEnd(client, id, context);
    stopped += sessions.length;
    if (sessions.length < MAX_LIST_LENGTH) break;
  }
  if (stopped === 0) await say(context, "no session to stop");
}

async function tellToStop(client: Caller, session: string, graceMs: number | undefined): Promise<void> {
  await explainingLoss(client.call("stop", { session, grace_ms: graceMs }), {
    tried: `tell session ${session} to stop`,
    next: "Once a daemon answers, `agentd ps` lists the sessions.",
  });
}

async function tellEnd(client: Caller, id: string, context: CliContext): Promise<void> {
  await say(context, endText(await sessionEnd(client, id)));
}

function notOne(): AgentdError {
  return new AgentdError("usage", {
    tried: "select sessions to stop",
    why: "give exactly one of a session, --latest and --all",
    next: "`agentd ps` lists the sessions that can be stopped.",
  });
}
