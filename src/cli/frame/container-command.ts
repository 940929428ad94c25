/** A command that `exec` and `enter` start in a container, on the operator's terminal or whatever the standard streams are. */
import { isatty } from "node:tty";
import type { Command } from "commander";
import type { ContainerCommand } from "../../api/container-command.ts";
import type { LocalContext } from "./context.ts";
import { runPodman } from "./podman-terminal.ts";
import { type LatestOption, type NamedSession, namedSession } from "./session-argument.ts";

export interface StreamOptions {
  readonly interactive?: true;
  readonly tty?: true;
}

/** What is to be started, and on which streams. */
export interface AskedCommand {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly interactive: boolean;
}

/** What is started when nothing is named: the better shell of the image. */
const SHELL = ["/bin/sh", "-c", "command -v bash >/dev/null && exec bash; exec sh"];

/** Adds the argument COMMAND... and the options for its streams. */
export function takingCommand(command: Command): Command {
  return command
    .argument("[command...]", "program and arguments, after `--` (default: a shell)")
    .option("-i, --interactive", "pass standard input on to the command")
    .option("-t, --tty", "give the command a terminal");
}

/** The session and the words of the command: with --latest there is no session among the words. */
export function sessionAndWords(
  name: string | undefined,
  words: readonly string[],
  { latest }: LatestOption,
  command: Command,
): { readonly session: NamedSession; readonly words: readonly string[] } {
  const isCommand = latest === true && name !== undefined;
  return {
    session: namedSession(isCommand ? undefined : name, { latest }, command),
    words: isCommand ? [name, ...words] : words,
  };
}

/** @param words none: a shell, on a terminal where there is one. */
export function askedCommand(words: readonly string[], options: StreamOptions): AskedCommand {
  const isShell = words.length === 0;
  const hasTerminal = isatty(0) && isatty(1);
  return {
    command: isShell ? SHELL : words,
    tty: options.tty ?? (isShell && hasTerminal),
    interactive: options.interactive ?? isShell,
  };
}

/** Starts it to its end. @returns its exit code, or podman's. @throws AgentdError `engine_unsuitable`. */
export async function startInContainer(
  place: ContainerCommand,
  { tty, interactive }: AskedCommand,
  context: LocalContext,
): Promise<number> {
  const { env } = context.installation.host;
  const terminal = env["TERM"];
  // No other variable: what exec is given, podman keeps on the disk.
  const kind = tty && terminal !== undefined ? ["--env", `TERM=${terminal}`] : [];
  const flags = [...(interactive ? ["--interactive"] : []), ...(tty ? ["--tty"] : [])];
  const args = ["exec", ...flags, ...kind, place.container, ...place.argv];
  return await runPodman(
    args,
    { tried: `start a command in session ${place.session_id}`, place, env },
    context,
  );
}
