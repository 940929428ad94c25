import { example, SESSION_FAULTS, type CommandDefinition } from "../command.ts";
import { say, withPersistentClient, type CliContext } from "../context.ts";
import { sessionEnd } from "../session-end.ts";
import { endText, exitCodeOf } from "../session-text.ts";

interface WaitOptions {
  readonly json?: true;
}

/** `agentd wait`: exits as `agentd run` would have. */
export const wait: CommandDefinition = {
  name: "wait",
  faults: SESSION_FAULTS,
  define: (command, start) =>
    command
      .summary("wait for the end of a session")
      .description(
        "Waits until a session is sealed, says how it ended, and exits as `agentd run` would have.\n" +
          "A daemon that is restarted meanwhile is waited for.",
      )
      .argument("<session>", "id of the session, or an unambiguous beginning of it")
      .option("--json", "print the session as a JSON object")
      .addHelpText("after", example("agentd wait 0198f2"))
      .action((session: string, options: WaitOptions) => {
        start((context) => waitForSession(session, options, context));
      }),
};

async function waitForSession(session: string, options: WaitOptions, context: CliContext): Promise<number> {
  const sealed = await withPersistentClient(context, (client) => sessionEnd(client, session));
  if (options.json === true) await context.stdout.json(sealed);
  else await say(context, endText(sealed));
  return exitCodeOf(sealed);
}
