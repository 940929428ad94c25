import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { WebContext } from "../frame/context.ts";

/** `agentd web`: serves the console, the HTTP API, probes and metrics until it is stopped. */
export const web: CommandDefinition<WebContext> = {
  name: "web",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("serve the console, the HTTP API and metrics")
      .description(
        "Serves the console, the HTTP API, probes and metrics, on the address of web.listen (default 127.0.0.1:7788), and " +
          "logs to standard error. It is a client of the daemon, as the other commands are: while the daemon is away, it " +
          "answers 503. `agentd console` opens the console.",
      )
      .addHelpText("after", example("agentd web", "agentd web openapi"))
      .action(() => {
        start((context) => context.runWeb());
      }),
};
