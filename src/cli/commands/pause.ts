import type { Command } from "commander";
import type { Caller } from "../../rpc/client.ts";
import type { SessionView } from "../../session-document.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withPersistentClient } from "../frame/context.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  sessionIdOf,
  takingSession,
} from "../frame/session-argument.ts";

interface PauseOptions extends LatestOption {
  readonly json?: true;
}

/** `agentd pause`: has a session stand still. */
export const pause: CommandDefinition = changing("pause", {
  summary: "have a running session stand still",
  description:
    "Has all processes of a running session stand still, until `agentd resume`. Its timeout stands still, too.\n" +
    "It keeps its place and its memory. It goes on by itself once it was paused for daemon.pause_max in all.",
});

/** `agentd resume`: has a paused session go on. */
export const resume: CommandDefinition = changing("resume", {
  summary: "have a paused session go on",
  description: "Has a session go on that `agentd pause` has stopped.",
});

function changing(
  method: "pause" | "resume",
  { summary, description }: { readonly summary: string; readonly description: string },
): CommandDefinition {
  return {
    name: method,
    faults: FAULTS,
    define: (command, start) =>
      takingSession(command)
        .summary(summary)
        .description(description)
        .option("--json", "print the session as a JSON object")
        .addHelpText("after", example(`agentd ${method} site-builder`, `agentd ${method} --latest`))
        .action((name: string | undefined, options: PauseOptions, self: Command) => {
          const session = namedSession(name, options, self);
          start((context) => change(method, session, options, context));
        }),
  };
}

async function change(
  method: "pause" | "resume",
  named: NamedSession,
  options: PauseOptions,
  context: CliContext,
): Promise<number> {
  const view = await withPersistentClient(context, async (client: Caller): Promise<SessionView> => {
    const session = await sessionIdOf(client, named);
    return await client.call(method, { session });
  });
  if (options.json === true) await context.stdout.json(view);
  else await say(context, `session ${view.session_id} ${method === "pause" ? "is paused" : "goes on"}`);
  return 0;
}
