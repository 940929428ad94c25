import type { Command } from "commander";
import { type CommandDefinition, example, SESSION_FAULTS } from "../frame/command.ts";
import { type CliContext, say, withPersistentClient } from "../frame/context.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  sessionIdOf,
  takingSession,
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
  define: (command, start) =>
    takingSession(command)
      .summary("wait for a session to end")
      .description(
        "Waits until a session is sealed, prints its outcome, and exits like `agentd run`.\n" +
          "Keeps waiting while the daemon restarts.",
      )
      .option("--json", "print the session as a JSON object")
      .addHelpText("after", example("agentd wait e81234", "agentd wait --latest"))
      .action((session: string | undefined, options: WaitOptions, self: Command) => {
        const named = namedSession(session, options, self);
        start((context) => waitForSession(named, options, context));
      }),
};

async function waitForSession(
  session: NamedSession,
  options: WaitOptions,
  context: CliContext,
): Promise<number> {
  const sealed = await withPersistentClient(context, async (client) =>
    sessionEnd(client, await sessionIdOf(client, session)),
  );
  await say(context, endText(sealed));
  if (options.json === true) await context.stdout.json(sealed);
  return exitCodeOf(sealed);
}
