import { isatty } from "node:tty";
import type { Command } from "commander";
import type { Result } from "../../api/methods.ts";
import { type CommandDefinition, example, SESSION_FAULTS } from "../frame/command.ts";
import { type LocalContext, withClient } from "../frame/context.ts";
import { runPodman } from "../frame/podman-terminal.ts";
import { askedSession, type LatestOption, namedSession, takingSession } from "../frame/session-argument.ts";

interface ExecOptions extends LatestOption {
  readonly interactive?: true;
  readonly tty?: true;
  readonly credentials?: true;
}

/** What is started when nothing is named: the better shell of the image. */
const SHELL = ["/bin/sh", "-c", "command -v bash >/dev/null && exec bash; exec sh"];

/** `agentd exec`: a command, or a shell, in a running session. */
export const exec: CommandDefinition<LocalContext> = {
  name: "exec",
  faults: SESSION_FAULTS,
  define: (command, start) =>
    takingSession(command)
      .argument("[command...]", "program and arguments, after `--` (default: a shell)")
      .summary("run a command or a shell in a running session")
      .description(
        "Runs a command in the container of a running session: as its user, in its repository, with its\n" +
          "environment but without its credentials. Without a command, a shell starts, on a terminal as with -it.\n" +
          "Exits with the command's code, or with podman's: 125, 126 (cannot be run) or 127 (not found).\n" +
          "The journal in the session's record gets a line with the command.",
      )
      .option("-i, --interactive", "pass standard input on to the command")
      .option("-t, --tty", "give the command a terminal")
      .option("--credentials", "give it the session's credentials, too")
      .addHelpText(
        "after",
        example(
          "agentd exec site-builder",
          "agentd exec e81234 -- git status --short",
          "agentd exec -it --latest -- top",
        ),
      )
      .action((name: string | undefined, words: string[], options: ExecOptions, self: Command) => {
        // With --latest there is no session among the words.
        const isCommand = options.latest === true && name !== undefined;
        const session = namedSession(isCommand ? undefined : name, options, self);
        const asked = isCommand ? [name, ...words] : words;
        start((context) => execIn(session, asked, options, context));
      }),
};

async function execIn(
  session: string | undefined,
  asked: readonly string[],
  options: ExecOptions,
  context: LocalContext,
): Promise<number> {
  const isShell = asked.length === 0;
  const hasTerminal = isatty(0) && isatty(1);
  const tty = options.tty ?? (isShell && hasTerminal);
  const interactive = options.interactive ?? isShell;
  const params = {
    command: isShell ? SHELL : [...asked],
    credentials: options.credentials === true,
    tty,
  };
  const answer = await withClient(context, async (client) =>
    client.call("exec", { session: await askedSession(client, session), ...params }),
  );
  const args = podmanArgs(answer, { tty, interactive, terminal: context.installation.host.env["TERM"] });
  const place = { tried: `start a command in session ${answer.session_id}`, place: answer };
  return await runPodman(args, { ...place, env: context.installation.host.env }, context);
}

/** @param options.terminal the kind of terminal that the operator has; undefined: unknown. */
function podmanArgs(
  { container, argv }: Pick<Result<"exec">, "container" | "argv">,
  {
    tty,
    interactive,
    terminal,
  }: { readonly tty: boolean; readonly interactive: boolean; readonly terminal: string | undefined },
): string[] {
  // No other variable: what exec is given, podman keeps on the disk.
  const kind = tty && terminal !== undefined ? ["--env", `TERM=${terminal}`] : [];
  const flags = [...(interactive ? ["--interactive"] : []), ...(tty ? ["--tty"] : [])];
  return ["exec", ...flags, ...kind, container, ...argv];
}
