/**
 * Reads the command line: which command, or which text, or what is wrong with it. Nothing is run here.
 */
import { Command, CommanderError } from "commander";
import { AgentdError } from "../errors.ts";
import { FAULTS, type Body, type CommandDefinition, type FaultCodes } from "./command.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string | undefined;
  readonly socket?: string | undefined;
}

export type CommandLine =
  | {
      readonly kind: "command";
      readonly body: Body;
      readonly faults: FaultCodes;
      readonly options: GlobalOptions;
    }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly error: AgentdError; readonly faults: FaultCodes };

/** What `agentd` without a command does. */
const DEFAULT_COMMAND = "daemon";

/** @param argv what follows the program's name. */
export function readCommandLine(
  argv: readonly string[],
  commands: readonly CommandDefinition[],
  version: string,
): CommandLine {
  const reader = new Reader(commands, version);
  return reader.read(argv);
}

class Reader {
  readonly #program = new Command("agentd");
  #text = "";
  #started: { body: Body; faults: FaultCodes } | undefined;
  /** Of the command that is being read, as far as it is known. */
  #faults = FAULTS;

  constructor(commands: readonly CommandDefinition[], version: string) {
    this.#program
      .description("Runs autonomous coding agents unattended, each session in a rootless Podman container.")
      .usage("[options] [command]")
      .option("--socket <path>", "the daemon's socket (default: AGENTD_SOCKET, else as configured)")
      .option("--config <file>", "the configuration file (default: AGENTD_CONFIG, else the usual places)")
      .version(`agentd ${version}`, "-V, --version", "print the version")
      .helpOption("-h, --help", "print this help")
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: (text) => (this.#text += text),
        writeErr: () => undefined, // Errors are told by whoever reads the result.
      })
      .exitOverride()
      .addHelpText(
        "after",
        `\nWithout a command, agentd runs the daemon. \`agentd help COMMAND\` has examples.`,
      );
    for (const definition of commands) this.#add(definition);
  }

  read(argv: readonly string[]): CommandLine {
    try {
      this.#program.parse(this.#withDefault(argv), { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return { kind: "help", text: this.#text };
      return { kind: "wrong", error: usageError(error), faults: this.#faults };
    }
    if (this.#started === undefined) throw new Error("the option parser started no command");
    return { kind: "command", ...this.#started, options: this.#program.opts<GlobalOptions>() };
  }

  #add({ add, faults }: CommandDefinition): void {
    const command = add(this.#program, (body) => (this.#started = { body, faults }));
    command.exitOverride((error) => {
      this.#faults = faults;
      throw error;
    });
  }

  /** Not the parser's own default command: that would take a misspelt command for an argument of the daemon. */
  #withDefault(argv: readonly string[]): string[] {
    const { operands, unknown } = this.#program.parseOptions([...argv]);
    const named = operands.length > 0 || unknown.some((word) => word === "-h" || word === "--help");
    return named ? [...argv] : [DEFAULT_COMMAND, ...argv];
  }
}

function usageError(error: CommanderError): AgentdError {
  const missing = error.code === "commander.help" ? "it needs one of its commands" : undefined;
  return new AgentdError("usage", {
    tried: "understand the command line",
    why: missing ?? error.message.replace(/^error: /, "").replace(/\n/g, " "),
    next: "`agentd --help` lists the commands, `agentd COMMAND --help` their options.",
  });
}
