import type { Command } from "commander";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { type LatestOption, namedSession, takingSession } from "../frame/session-argument.ts";
import { RAW_MEANING } from "../terminal/session-output.ts";
import { followFromNow } from "./logs.ts";

interface AttachOptions extends LatestOption {
  readonly raw?: true;
}

/** `agentd attach`: what a session prints from now on. */
export const attach: CommandDefinition<LocalContext> = {
  name: "attach",
  faults: FAULTS,
  place: "followed",
  define: (command, start) =>
    takingSession(command)
      .summary("follow a session's output from now on")
      .description(
        "Prints what a session prints from now on, then its outcome, as `agentd logs -f --tail 0`.\n" +
          "Ctrl-C leaves the session running. What you type does not reach it.",
      )
      .option("--raw", RAW_MEANING)
      .addHelpText("after", example("agentd attach e81234", "agentd attach --latest"))
      .action((name: string | undefined, options: AttachOptions, self: Command) => {
        const session = namedSession(name, options, self);
        start((context) => followFromNow(session, { raw: options.raw === true }, context));
      }),
};
