import type { Command } from "commander";
import type { SessionView } from "../../session-document.ts";
import { type CommandDefinition, example, SESSION_FAULTS } from "../frame/command.ts";
import { type CliContext, say, withPersistentClient } from "../frame/context.ts";
import {
  lastingIdsOf,
  type LatestOption,
  type NamedSession,
  namedSessions,
  takingSessions,
} from "../frame/session-argument.ts";
import { sessionEnd } from "../frame/session-end.ts";
import { endText, exitCodeOf } from "../words/session-text.ts";

interface WaitOptions extends LatestOption {
  readonly json?: true;
}

/** `agentd wait`: exits as `agentd run` would have. */
export const wait: CommandDefinition = {
  name: "wait",
  faults: SESSION_FAULTS,
  place: "followed",
  define: (command, start) =>
    takingSessions(command)
      .summary("wait for sessions to end")
      .description(
        "Waits until a session is sealed, prints its outcome, and exits like `agentd run`. With several sessions, it exits\n" +
          "with the first code that is not 0, in the order in which they are named. Keeps waiting while the daemon restarts.",
      )
      .option("--json", "print the session as a JSON object; several as an array")
      .addHelpText(
        "after",
        example("agentd wait e81234", "agentd wait --latest", "agentd wait $(agentd ps -q)"),
      )
      .action((sessions: readonly string[], options: WaitOptions, self: Command) => {
        const named = namedSessions(sessions, options, self);
        start((context) => waitForSessions(named, options, context));
      }),
};

async function waitForSessions(
  named: readonly NamedSession[],
  options: WaitOptions,
  context: CliContext,
): Promise<number> {
  const sealed = await withPersistentClient(context, async (client) => {
    const ended: SessionView[] = [];
    for (const id of await lastingIdsOf(client, named, context)) {
      const session = await sessionEnd(client, id);
      await say(context, endText(session));
      ended.push(session);
    }
    return ended;
  });
  if (options.json === true) await context.stdout.json(named.length === 1 ? sealed[0] : sealed);
  return sealed.map(exitCodeOf).find((code) => code !== 0) ?? 0;
}
