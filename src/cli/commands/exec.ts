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

interface ExecOptions extends LatestOption, StreamOptions {
  readonly credentials?: true;
}

/** `agentd exec`: a command, or a shell, in a running session. */
export const exec: CommandDefinition<LocalContext> = {
  name: "exec",
  faults: SESSION_FAULTS,
  define: (command, start) =>
    takingCommand(takingSession(command))
      .summary("run a command or a shell in a running session")
      .description(
        "Runs a command in the container of a running session: as its user, in its repository, with its\n" +
          "environment but without its credentials. Without a command, a shell starts, on a terminal as with -it.\n" +
          "Exits with the command's code, or with podman's: 125, 126 (cannot be run) or 127 (not found).\n" +
          "The journal in the session's record gets a line with the command.",
      )
      .option("--credentials", "give it the session's credentials, too")
      .addHelpText(
        "after",
        example(
          "agentd exec site-builder",
          "agentd exec e81234 -- git status --short",
          "agentd exec -it --latest -- top",
        ),
      )
      .action((name: string | undefined, given: string[], options: ExecOptions, self: Command) => {
        const { session, words } = sessionAndWords(name, given, options, self);
        start((context) => execIn(session, words, options, context));
      }),
};

async function execIn(
  session: NamedSession,
  words: readonly string[],
  options: ExecOptions,
  context: LocalContext,
): Promise<number> {
  const asked = askedCommand(words, options);
  const params = {
    command: [...asked.command],
    credentials: options.credentials === true,
    tty: asked.tty,
  };
  const place = await withClient(context, async (client) =>
    client.call("exec", { session: await askedSession(client, session), ...params }),
  );
  return await startInContainer(place, asked, context);
}
