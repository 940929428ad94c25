/** The option parser with commands in it, as the command line builds it. */
import { Command } from "commander";
import type { CommandDefinition } from "../../src/cli/frame/command.ts";

/** The program or, by its name, one of its commands. */
export function programOf<Context>(
  commands: readonly CommandDefinition<Context>[],
  wanted?: string,
): Command {
  const program = new Command("agentd")
    .description("Runs agents.")
    .option("--socket <path>")
    .option("--config <file>")
    .option("--host <address>")
    .option("--context <context>")
    .configureHelp({ showGlobalOptions: true });
  for (const { name, aliases = [], define, isHidden: hidden = false } of commands) {
    const [first = name, second] = name.split(" ");
    const group =
      program.commands.find((command) => command.name() === first) ?? program.command(first, { hidden });
    const command = second === undefined ? group : group.command(second);
    define(command, () => undefined);
    command.aliases([...aliases]);
    if (name === wanted) return command;
  }
  return program;
}
