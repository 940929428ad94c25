import type { Reload } from "../../api/methods.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withClient } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { type Fact, renderFacts } from "../words/facts.ts";

interface ReloadOptions {
  readonly json?: true;
}

/** `agentd reload`: has the daemon read its configuration again. */
export const reload: CommandDefinition = {
  name: "reload",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("reload the daemon's configuration")
      .description(
        "Reloads the daemon's configuration file for new sessions and schedules. Sessions that were accepted " +
          "earlier keep their settings. credentials.env is reloaded too, for sessions that start from now on. " +
          "If a file has problems, nothing changes.",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd reload", "agentd reload --json"))
      .action((options: ReloadOptions) => {
        start((context) => reloadConfig(options, context));
      }),
};

async function reloadConfig(options: ReloadOptions, context: CliContext): Promise<number> {
  const reloaded = await withClient(context, (client) => client.call("reload", {}));
  if (options.json === true) await context.stdout.json(reloaded);
  else await context.stdout.line(text(reloaded));
  return 0;
}

function text(reloaded: Reload): string {
  const facts: readonly (readonly [name: string, names: readonly string[]])[] = [
    ["profiles added", reloaded.profiles_added],
    ["profiles changed", reloaded.profiles_changed],
    ["profiles removed", reloaded.profiles_removed],
    ["schedules changed", reloaded.schedules_changed],
    ["settings changed", reloaded.settings_changed],
    ["credentials changed", reloaded.credentials_changed],
    ["needs a restart", reloaded.needs_restart],
  ];
  const told = facts.flatMap(([name, names]): Fact[] =>
    names.length === 0 ? [] : [[name, names.join(", ")]],
  );
  const title = `reloaded ${printable(reloaded.config_file)}`;
  return told.length === 0 ? `${title}: no changes` : renderFacts(title, told);
}
