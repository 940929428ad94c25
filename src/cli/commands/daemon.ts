import { Option } from "commander";
import { AgentdError, type ErrorCode } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { DaemonContext, DaemonFlags } from "../frame/context.ts";

const SHUTDOWNS = ["drain", "detach"] as const;

/** `agentd daemon`: serves until it is stopped. */
export const daemon: CommandDefinition<DaemonContext> = {
  name: "daemon",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("run the daemon (the default command, except on a terminal)")
      .description(
        "Runs the daemon in the foreground and logs to standard error, one JSON object per line.\n" +
          "On the first SIGINT or SIGTERM the daemon waits for running sessions (drain) or leaves them to the next daemon " +
          "(detach); on the second it exits at once. Queued sessions stay queued.",
      )
      .addOption(
        new Option("--shutdown <how>", "drain or detach; overrides daemon.shutdown").choices(SHUTDOWNS),
      )
      .addHelpText(
        "after",
        example("agentd daemon --config ~/.config/agentd/agentd.toml", "agentd daemon --shutdown detach"),
      )
      .action((options: DaemonFlags) => {
        start((context) => pointingToDoctor(context.runDaemon(options)));
      }),
};

/** Errors caused by the host, for which `agentd doctor` can say more than one sentence. */
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
    const next = `${first}\n\Check this host with \`agentd doctor\`.`.trim();
    throw new AgentdError(code, { tried: "start the daemon", why, next, details, cause: error });
  }
}
