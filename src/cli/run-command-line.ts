/**
 * From the words of the command line to an exit code.
 */
import type { Host } from "../config/paths.ts";
import { resolveSocketPath } from "../config/socket-path.ts";
import { connect } from "../rpc/client.ts";
import { type GlobalOptions, readCommandLine, type TypedCommand } from "./command-line.ts";
import { type CommandDefinition, FAULTS } from "./frame/command.ts";
import type { CliContext, ProcessParts } from "./frame/context.ts";
import { errorText, faultCode } from "./frame/error-text.ts";
import { Output } from "./terminal/output.ts";
import { TerminalLine } from "./terminal/terminal-line.ts";

/** What the process brings along. */
export interface CliHost extends Host, ProcessParts {
  /** What follows the program's name. */
  readonly argv: readonly string[];
  readonly version: string;
  readonly now: () => number;
  readonly clock: CliContext["clock"];
}

/** What a program can do: its commands, and what it gives them. */
export interface Program<Context> {
  readonly commands: readonly CommandDefinition<Context>[];
  /** @param basics what every command is given. */
  readonly contextOf: (basics: CliContext, options: GlobalOptions) => Context;
  /**
   * Runs a command where it is for another host; resolves to its exit code, or undefined where it is for this one.
   * Default: it is always for this one.
   */
  readonly elsewhere?: (command: TypedCommand<Context>, basics: CliContext) => Promise<number | undefined>;
}

/** How long a daemon may take to answer a new client. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Runs one command and reports errors; never rejects. Resolves to the exit code. */
export async function runCommandLine<Context>(
  host: CliHost,
  { commands, contextOf, elsewhere }: Program<Context>,
): Promise<number> {
  const terminalLine = new TerminalLine();
  const stdout = new Output(host.stdout, host.env, terminalLine);
  const stderr = new Output(host.stderr, host.env, terminalLine);
  // A person who types the bare name wants the help; a service or script starts the daemon that way.
  const argv = host.argv.length === 0 && host.isInteractive() ? ["--help"] : host.argv;
  const line = readCommandLine(argv, commands, host.version);
  const faults = line.kind === "help" ? FAULTS : line.faults;
  try {
    if (line.kind === "wrong") throw line.error;
    if (line.kind === "command") {
      const basics = createContext(host, line.options, stdout, stderr);
      return (await elsewhere?.(line, basics)) ?? (await line.body(contextOf(basics, line.options)));
    }
    await stdout.write(line.text);
    return 0;
  } catch (error) {
    // If standard error cannot be written, only the exit code remains.
    await stderr.line(errorText(error)).catch(() => undefined);
    return faultCode(error, faults);
  }
}

function createContext(host: CliHost, options: GlobalOptions, stdout: Output, stderr: Output): CliContext {
  return {
    stdout,
    stderr,
    stdin: host.stdin,
    readFile: host.readFile,
    newRequestId: host.newRequestId,
    away: host.away,
    version: host.version,
    now: host.now,
    clock: host.clock,
    onInterrupt: host.onInterrupt,
    mirrors: undefined,
    connect: async (signal) =>
      await connect(await resolveSocketPath(options, host), {
        version: host.version,
        timeoutMs: CONNECT_TIMEOUT_MS,
        signal,
      }),
  };
}
