import { contextsFile } from "../../config/paths.ts";
import type { Chooser } from "../../remote/selection.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { renderFacts } from "../words/facts.ts";

interface ShowOptions {
  readonly json?: true;
}

/** `agentd context show`: which host commands are for. */
export const contextShow: CommandDefinition<LocalContext> = {
  name: "context show",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("show which host commands are for")
      .description(
        "Shows the host of commands that name none, and what says so: the environment or `agentd context use`.",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd context show"))
      .action((options: ShowOptions) => {
        start((context) => showContext(options, context));
      }),
};

const REASONS: Partial<Readonly<Record<Chooser, string>>> = {
  "contexts.toml": "`agentd context use`",
  default: "nothing names another host",
};

async function showContext({ json }: ShowOptions, { stdout, installation }: LocalContext): Promise<number> {
  const [{ LOCAL }, { selectHost }] = await Promise.all([
    import("../../remote/contexts.ts"),
    import("../../remote/selection.ts"),
  ]);
  const { host } = installation;
  const file = contextsFile(host);
  const { remote, by } = await selectHost({ options: {}, env: host.env, contextsFile: file });
  const name = remote?.name ?? LOCAL;
  if (json === true) {
    await stdout.json({ name, host: remote?.address ?? null, program: remote?.program ?? null, by });
    return 0;
  }
  const program = remote === undefined ? [] : [["program", remote.program] as const];
  const facts = [
    ["host", remote?.address ?? "this machine"] as const,
    ...program,
    ["by", REASONS[by] ?? by] as const,
  ];
  await stdout.line(renderFacts(name, facts));
  return 0;
}
