import { Option } from "commander";
import { AgentdError, type ErrorCode } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { DaemonFlags, LocalContext } from "../frame/context.ts";

const SHUTDOWNS = ["drain", "detach"] as const;

/** `agentd daemon`: serves until it is told to end. */
export const daemon: CommandDefinition<LocalContext> = {
  name: "daemon",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("run the daemon (the default command, unless on a terminal)")
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
        start((context) => pointingToDoctor(context.runDaemon(options)));
      }),
};

/** What lies with the host, where the doctor finds more than one sentence can say. */
const FAULTS_OF_HOST: readonly ErrorCode[] = [
  "runtime_directory_missing",
  "state_unusable",
  "socket_unusable",
  "engine_unavailable",
  "engine_timeout",
  "engine_failed",
  "engine_unsuitable",
];

async function pointingToDoctor<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AgentdError) || !FAULTS_OF_HOST.includes(error.code)) throw error;
    const { code, message: why, details, next: first = "" } = error;
    const next = `${first}\n\`agentd doctor\` looks for what this host lacks.`.trim();
    throw new AgentdError(code, { tried: "start the daemon", why, next, details, cause: error });
  }
}
