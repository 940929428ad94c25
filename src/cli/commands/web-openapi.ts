import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";

/** `agentd web openapi`: the description of the HTTP API. */
export const webOpenapi: CommandDefinition = {
  name: "web openapi",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("print the OpenAPI document of the HTTP API")
      .description(
        "Prints the OpenAPI 3.1 document of the HTTP API of agentd web. Needs neither daemon nor configuration.",
      )
      .addHelpText("after", example("agentd web openapi > agentd.json"))
      .action(() => {
        start(async ({ stdout, version }) => {
          const { openApiDocument } = await import("../../web/api/openapi.ts");
          await stdout.json(openApiDocument(version));
          return 0;
        });
      }),
};
