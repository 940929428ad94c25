import type { Command } from "commander";
import { type CommandDefinition, example, SESSION_FAULTS } from "../frame/command.ts";
import {
  askedCommand,
  sessionAndWords,
  startInContainer,
  type StreamOptions,
  takingCommand,
} from "../frame/container-command.ts";
import { type LocalContext, withClient } from "../frame/context.ts";
import {
  askedSession,
  type LatestOption,
  type NamedSession,
  takingSession,
} from "../frame/session-argument.ts";

type EnterOptions = LatestOption & StreamOptions;

/** `agentd enter`: a shell, or a command, in what is kept of an ended session. */
export const enter: CommandDefinition<LocalContext> = {
  name: "enter",
  faults: SESSION_FAULTS,
  define: (command, start) =>
    takingCommand(takingSession(command))
      .summary("look into what is kept of an ended session")
      .description(
        "Starts a shell, or a command, in a new container from what is kept of an ended session: its file system, home\n" +
          "and clone, with a copy of its .runa; without its credentials, its /tmp and, where it had an allowlist, a network.\n" +
          "What you change stays until the session is removed; its record does not change, but gets a note with the command.\n" +
          "Exits as `agentd exec` does. The container ends with the command, and with the daemon.",
      )
      .addHelpText(
        "after",
        example(
          "agentd enter site-builder",
          "agentd enter e81234 -- git status --short",
          "agentd ps -a --filter kept=true",
        ),
      )
      .action((name: string | undefined, given: string[], options: EnterOptions, self: Command) => {
        const { session, words } = sessionAndWords(name, given, options, self);
        start((context) => enterSession(session, words, options, context));
      }),
};

async function enterSession(
  session: NamedSession,
  words: readonly string[],
  options: EnterOptions,
  context: LocalContext,
): Promise<number> {
  const asked = askedCommand(words, options);
  const params = { command: [...asked.command], tty: asked.tty };
  return await withClient(context, async (client) => {
    const place = await client.call("enter", { session: await askedSession(client, session), ...params });
    const { container } = place;
    // As long as this connection lives. That it breaks shows in what podman says.
    client.call("stay", { container }).catch(() => undefined);
    const exitCode = await startInContainer(place, asked, context);
    // A daemon that is gone has left it to the next one.
    await client.call("leave", { container }).catch(() => undefined);
    return exitCode;
  });
}
