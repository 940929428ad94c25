import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";

/** `agentd config schema`: the configuration for editors and other programs. */
export const configSchema: CommandDefinition<LocalContext> = {
  name: "config schema",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("print the JSON Schema of the configuration file")
      .description(
        "Prints a JSON Schema of the configuration file: every key with its type, default and meaning.\n" +
          "Rules that a schema cannot say are checked by `agentd config check`.",
      )
      .option("--json", "print JSON, which it does in any case")
      .addHelpText("after", example("agentd config schema > agentd.schema.json"))
      .action(() => {
        start(async ({ stdout, cores }) => {
          const { configJsonSchema } = await import("../../config/json-schema.ts");
          await stdout.json(configJsonSchema({ cores }));
          return 0;
        });
      }),
};
