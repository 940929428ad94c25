import { text } from "node:stream/consumers";
import { AgentdError } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { DaemonContext } from "../frame/context.ts";

interface ExecOneOptions {
  readonly head: string;
  readonly fingerprint: string;
  readonly job: string;
  readonly resume?: true;
  readonly directory?: string;
}

const TOKEN = /^[A-Za-z0-9_-]{22,128}$/;

/** `agentd exec-one`: what a job of an engine starts on its node. */
export const execOne: CommandDefinition<DaemonContext> = {
  name: "exec-one",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("run one session for another host (for the scripts of jobs)")
      .description(
        "Runs one session on this node for the agentd that has placed it here. The scripts of jobs start it, see docs/machines.md; " +
          "it reads a token that works once from standard input. On SIGTERM it ends the session.",
      )
      .requiredOption("--head <address>", "host and port of the channel")
      .requiredOption("--fingerprint <hex>", "SHA-256 of the channel's certificate")
      .requiredOption("--job <name>", "name of the job")
      .option("--resume", "go on with what an earlier job has left on this node")
      .option("--directory <path>", "where sessions have their state on this node; default below /var/tmp")
      .addHelpText(
        "after",
        example("agentd exec-one --head=head.example.org:7799 --fingerprint=HEX --job=NAME"),
      )
      .action((options: ExecOneOptions) => {
        start(async ({ stdin, runOne }) => {
          const token = (await text(stdin())).trim();
          if (!TOKEN.test(token)) throw noToken();
          const { head, fingerprint, job, resume, directory } = options;
          return await runOne({ head, fingerprint, job, token, isResume: resume === true, directory });
        });
      }),
};

function noToken(): AgentdError {
  return new AgentdError("usage", {
    tried: "run one session for another host",
    why: "standard input has no token",
    next: "This command is for scripts that agentd submits itself.",
  });
}
