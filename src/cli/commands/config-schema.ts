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
        "Prints the JSON Schema of the configuration file: every key with its type, default and meaning.\n" +
          "`agentd config check` also checks rules that a schema cannot express.",
      )
      .option("--json", "print JSON (always on)")
      .addHelpText("after", example("agentd config schema > agentd.schema.json"))
      .action(() => {
        start(async ({ stdout, cores }) => {
          const { configJsonSchema } = await import("../../config/json-schema.ts");
          await stdout.json(configJsonSchema({ cores }));
          return 0;
        });
      }),
};
