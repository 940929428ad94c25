import type { Config } from "../../config/config.ts";
import { AgentdError } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { renderFacts } from "../words/facts.ts";
import { countText, sizeText } from "../words/size-text.ts";

interface CheckOptions {
  readonly json?: true;
}

/** `agentd config check`: whether a daemon would start with a configuration. */
export const configCheck: CommandDefinition<LocalContext> = {
  name: "config check",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("validate a configuration file")
      .description(
        "Validates a configuration file as the daemon does, and lists every problem. Exits 0 only if there is none.\n" +
          "Paths and credentials that the file names are checked when a session starts.",
      )
      .argument("[file]", "the file (default: the file that the daemon would read)")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd config check", "agentd config check ./agentd.toml"))
      .action((file: string | undefined, options: CheckOptions) => {
        start((context) => checkConfig(file, options, context));
      }),
};

async function checkConfig(
  file: string | undefined,
  options: CheckOptions,
  context: LocalContext,
): Promise<number> {
  const { stdout } = context;
  try {
    const config = await context.loadConfig(file);
    if (options.json === true) await stdout.json({ file: config.file, problems: [] });
    else await stdout.line(summary(config));
    return 0;
  } catch (error) {
    const isVerdict = error instanceof AgentdError && error.code === "config_invalid";
    if (!isVerdict || options.json !== true) throw error;
    await stdout.json(error.details);
    return 1;
  }
}

function summary({ file, daemon, profiles }: Config): string {
  const scheduled = profiles.filter(({ schedule }) => schedule !== undefined);
  return renderFacts(`ok: ${printable(file)}`, [
    ["profiles", profiles.map(({ name }) => name).join(", ")],
    ["schedules", scheduled.map(({ name }) => name).join(", ") || "none"],
    ["at once", countText(daemon.maxSessions, "session")],
    [
      "memory",
      daemon.memoryBudgetBytes === undefined ? "no budget" : `at most ${sizeText(daemon.memoryBudgetBytes)}`,
    ],
  ]);
}
