import { version as nodeVersion } from "node:process";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";

/** `agentd version`: which agentd this is. */
export const version: CommandDefinition<LocalContext> = {
  name: "version",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("print the version")
      .description("Prints the version of this agentd. `agentd status` has the daemon's.")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd version", "agentd version --json"))
      .action(({ json }: { readonly json?: true }) => {
        start(async ({ stdout, installation }) => {
          const { version: own, node, packageDirectory } = installation;
          if (json !== true) await stdout.line(`agentd ${own}`);
          else {
            await stdout.json({
              version: own,
              node_version: nodeVersion.slice(1),
              node_path: node,
              package_directory: packageDirectory,
            });
          }
          return 0;
        });
      }),
};
