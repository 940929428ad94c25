import type { Command } from "commander";
import { type CommandDefinition, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { type LatestOption, namedSession, takingSession } from "../frame/session-argument.ts";
import { carryWork } from "../work/carried-work.ts";
import { findSessionWork } from "../work/session-work.ts";

/** What `agentd apply` of an operator on another host starts here. */
export const remoteWork: CommandDefinition<LocalContext> = {
  name: "__work",
  faults: FAULTS,
  isHidden: true,
  place: "here",
  define: (command, start) =>
    takingSession(command)
      .summary("put a session's work into the current directory, for `agentd apply` on another host")
      .action((session: string | undefined, options: LatestOption, self: Command) => {
        const named = namedSession(session, options, self);
        start(async (context) => {
          await carryWork(await findSessionWork(named, "apply the work of", context), ".");
          return 0;
        });
      }),
};
