import { example, FAULTS, type CommandDefinition } from "../command.ts";
import type { LocalContext } from "../context.ts";

/** `agentd daemon`: serves until it is told to end. */
export const daemon: CommandDefinition<LocalContext> = {
  name: "daemon",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("run the daemon (the default command)")
      .description(
        "Runs the daemon in the foreground; its log goes to standard error, one JSON object a line.\n" +
          "The first SIGINT or SIGTERM lets running sessions end, the second ends the daemon at once.",
      )
      .addHelpText("after", example("agentd daemon --config ~/.config/agentd/agentd.toml"))
      .action(() => {
        start((context) => context.runDaemon());
      }),
};
