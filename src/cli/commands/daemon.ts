import { Option } from "commander";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import type { DaemonFlags, LocalContext } from "../context.ts";

const SHUTDOWNS = ["drain", "detach"] as const;

/** `agentd daemon`: serves until it is told to end. */
export const daemon: CommandDefinition<LocalContext> = {
  name: "daemon",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("run the daemon (the default command)")
      .description(
        "Runs the daemon in the foreground; its log goes to standard error, one JSON object a line.\n" +
          "The first SIGINT or SIGTERM lets running sessions end (drain) or leaves them to the next daemon (detach);\n" +
          "the second ends the daemon at once. Queued sessions stay queued.",
      )
      .addOption(
        new Option("--shutdown <how>", "drain or detach, whatever daemon.shutdown says").choices(SHUTDOWNS),
      )
      .addHelpText(
        "after",
        example("agentd daemon --config ~/.config/agentd/agentd.toml", "agentd daemon --shutdown detach"),
      )
      .action((options: DaemonFlags) => {
        start((context) => context.runDaemon(options));
      }),
};
