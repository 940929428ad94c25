import type { Status } from "../../api/methods.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withClient } from "../frame/context.ts";
import { statusText } from "../words/status-text.ts";

interface StatusOptions {
  readonly json?: true;
}

/** `agentd status`: the daemon, its queue and its running sessions. */
export const status: CommandDefinition = {
  name: "status",
  aliases: ["info"],
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("show the daemon, its queue and its running sessions")
      .description(
        "Shows the daemon, its paths, its sessions, records that could not be sealed, and the engine.",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd status", "agentd status --json"))
      .action((options: StatusOptions) => {
        start((context) => showStatus(options, context));
      }),
};

async function showStatus(options: StatusOptions, context: CliContext): Promise<number> {
  const now: Status = await withClient(context, (client) => client.call("status", {}));
  if (options.json === true) await context.stdout.json(now);
  else await context.stdout.line(statusText(now, context.now()));
  return 0;
}
