import { graceOption } from "../arguments.ts";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import { say, withClient, type CliContext } from "../context.ts";
import { sessionEnd } from "../session-end.ts";
import { endText } from "../session-text.ts";

interface StopOptions {
  readonly grace?: string;
}

/** `agentd stop`: tells a session to stop and waits until it is sealed. */
export const stop: CommandDefinition = {
  name: "stop",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("stop a session")
      .description(
        "Tells a session to stop and returns when it is sealed: SIGTERM first, and after the grace SIGKILL.\n" +
          "A session that has ended stays as it is.",
      )
      .argument("<session>", "id of the session, or an unambiguous beginning of it")
      .option(
        "--grace <duration>",
        "time to end by itself, such as 30s, or 0s for none (default: as configured)",
      )
      .addHelpText("after", example("agentd stop 0198f2 --grace 1m"))
      .action((session: string, options: StopOptions) => {
        start((context) => stopSession(session, options, context));
      }),
};

async function stopSession(session: string, options: StopOptions, context: CliContext): Promise<number> {
  const graceMs = graceOption("--grace", options.grace);
  const sealed = await withClient(context, async (client) => {
    const told = await client.call("stop", { session, grace_ms: graceMs });
    return await sessionEnd(client, told.session_id);
  });
  await say(context, endText(sealed));
  return 0;
}
