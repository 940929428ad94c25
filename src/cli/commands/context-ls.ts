import { contextsFile } from "../../config/paths.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { renderTable } from "../terminal/table.ts";

interface ListOptions {
  readonly json?: true;
}

const HEADERS = ["CONTEXT", "HOST", "CHOSEN"];

/** `agentd context ls`: the hosts that have names. */
export const contextLs: CommandDefinition<LocalContext> = {
  name: "context ls",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("list the hosts that have names")
      .description("Lists the contexts, and which one commands are for that name none.")
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd context ls", "agentd context ls --json"))
      .action((options: ListOptions) => {
        start((context) => listContexts(options, context));
      }),
};

async function listContexts({ json }: ListOptions, { stdout, installation }: LocalContext): Promise<number> {
  const { LOCAL, readContexts } = await import("../../remote/contexts.ts");
  const { current = LOCAL, hosts } = await readContexts(contextsFile(installation.host));
  const listed = [
    { name: LOCAL, host: null, program: null, is_current: current === LOCAL },
    ...[...hosts].map(([name, { host, program = null }]) => ({
      ...{ name, host, program },
      is_current: current === name,
    })),
  ];
  if (json === true) await stdout.json(listed);
  else {
    const rows = listed.map(({ name, host, is_current }) => [
      name,
      host ?? "this machine",
      is_current ? "yes" : "",
    ]);
    await stdout.line(renderTable(HEADERS, rows, stdout));
  }
  return 0;
}
