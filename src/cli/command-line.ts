/**
 * Parses the command line into a command, a text to print or an error. Nothing is run here.
 */
import { Command, CommanderError, type CommandOptions } from "commander";
import { AgentdError } from "../errors.ts";
import {
  type Body,
  type CommandDefinition,
  example,
  type FaultCodes,
  FAULTS,
  type Place,
} from "./frame/command.ts";
import { adviceFor } from "./other-words.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string | undefined;
  readonly socket?: string | undefined;
  readonly host?: string | undefined;
  readonly context?: string | undefined;
}

/** A command as it was typed. */
export interface TypedCommand<Context> {
  /** The words that name it. */
  readonly name: string;
  readonly place: Place;
  readonly body: Body<Context>;
  readonly faults: FaultCodes;
  readonly options: GlobalOptions;
  /** The whole command line but for what names a host. */
  readonly words: readonly string[];
}

export type CommandLine<Context> =
  | ({ readonly kind: "command" } & TypedCommand<Context>)
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly error: AgentdError; readonly faults: FaultCodes };

/** What `agentd` without a command does. */
const DEFAULT_COMMAND = "daemon";

/** Options before the command that name a host. */
const HOST_OPTIONS = ["--host", "--context"];
/** Options of every command, each with a value. */
const GLOBAL_OPTIONS = [...HOST_OPTIONS, "--socket", "--config"];

interface Group {
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
}

/** Groups of subcommands, by their first word. */
const GROUPS: Readonly<Record<string, Group>> = {
  audit: {
    summary: "list, show, verify, export and prune session records",
    description: "Lists, shows, verifies, exports and prunes session records.",
    examples: ["agentd audit ls", "agentd audit verify --all"],
  },
  config: {
    summary: "check the configuration, or print its schema",
    description: "Validates the configuration file, or prints its schema.",
    examples: ["agentd config check"],
  },
  context: {
    summary: "name other hosts, and choose the one that commands are for",
    description: "Names other hosts and chooses the one that commands are for.",
    examples: ["agentd context add prod ssh://me@server", "agentd context use prod"],
  },
  notify: {
    summary: "show and try whom agentd tells of what needs people",
    description: "Shows the targets of notifications, and sends a message to try one.",
    examples: ["agentd notify ls", "agentd notify test phone"],
  },
  image: {
    summary: "build, list, pull and prune images",
    description: "Builds the images of agents, and lists, pulls and prunes those of profiles and agents.",
    examples: ["agentd image build codex", "agentd image ls"],
  },
  web: {
    summary: "serve the console, the HTTP API and metrics",
    description: "Serves the console, the HTTP API and metrics.",
    examples: ["agentd web"],
  },
  webhook: {
    summary: "try the webhooks of profiles",
    description: "Shows what the payload of a webhook would do.",
    examples: ["agentd webhook test gardener payload.json --event issues"],
  },
  service: {
    summary: "run the daemon as a systemd service",
    description: "Installs, shows or removes the daemon's systemd user service.",
    examples: ["agentd service install", "agentd service status"],
  },
  volume: {
    summary: "list, remove and prune volumes",
    description: "Lists, removes and prunes the volumes of profiles.",
    examples: ["agentd volume ls", "agentd volume prune"],
  },
};

/** @param argv what follows the program's name. */
export function readCommandLine<Context>(
  argv: readonly string[],
  commands: readonly CommandDefinition<Context>[],
  version: string,
): CommandLine<Context> {
  const reader = new Reader(commands, version, argv[0]);
  return reader.read(argv);
}

class Reader<Context> {
  readonly #program = new Command("agentd");
  #text = "";
  #started: Pick<TypedCommand<Context>, "name" | "place" | "body" | "faults"> | undefined;
  /** Of the command that is being read; undefined until the parser has come to it. */
  #faults: FaultCodes | undefined;
  readonly #commands: readonly CommandDefinition<Context>[];

  /**
   * @param first word of the command line. If it is a command, the parser is told of no other: each takes its time. Hidden
   *   commands are about the others.
   */
  constructor(commands: readonly CommandDefinition<Context>[], version: string, first: string | undefined) {
    this.#program
      .description("Runs autonomous coding agents unattended, each session in a rootless Podman container.")
      .usage("[options] [command]")
      .option("--socket <path>", "the daemon's socket (default: AGENTD_SOCKET, else as configured)")
      .option("--config <file>", "the configuration file (default: AGENTD_CONFIG, else the standard paths)")
      .option(
        "--host <address>",
        "run the command on another host, ssh://[USER@]HOST[:PORT] or https://HOST[:PORT]; before the command",
      )
      .option("--context <context>", "the same by the name of a context; before the command")
      .version(`agentd ${version}`, "-V, --version", "print the version")
      .helpOption("-h, --help", "print this help")
      // Not those of a group, which its commands have themselves where they mean something.
      .configureHelp({
        showGlobalOptions: true,
        visibleGlobalOptions: (command) => (command.parent === null ? [] : [...this.#program.options]),
      })
      .configureOutput({
        writeOut: (text) => (this.#text += text),
        writeErr: () => undefined, // Errors are told by whoever reads the result.
      })
      .exitOverride()
      .addHelpText(
        "after",
        [
          "\nWithout a command, agentd runs the daemon; on a terminal, without any option, it prints this help.",
          "`agentd help COMMAND` has more examples.",
          example("agentd doctor", "agentd run site-builder --work-unit issue-42", "agentd ps --json"),
        ].join("\n"),
      );
    this.#commands = commands;
    const typed = commands.filter(
      ({ name, aliases = [], isHidden = false }) =>
        !isHidden && [name.split(" ")[0], ...aliases].includes(first),
    );
    for (const definition of typed.length > 0 ? typed : commands) this.#add(definition);
  }

  read(argv: readonly string[]): CommandLine<Context> {
    try {
      this.#program.parse(this.#withDefault(argv), { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return { kind: "help", text: this.#text };
      // An error before the command counts as that command's error.
      const faults = this.#faults ?? argv.map((word) => this.#named(word)).find(Boolean)?.faults ?? FAULTS;
      return { kind: "wrong", error: usageError(error), faults };
    }
    if (this.#started === undefined) throw new Error("the option parser started no command");
    const options = this.#program.opts<GlobalOptions>();
    const { words } = hostNamedIn(argv);
    const isNamed = options.host !== undefined || options.context !== undefined;
    if (isNamed && words.length === argv.length) {
      const error = wrong("--host and --context come before the command");
      return { kind: "wrong", error, faults: this.#started.faults };
    }
    return { kind: "command", ...this.#started, options, words };
  }

  #add(definition: CommandDefinition<Context>): void {
    const { name, aliases = [], faults, define, isHidden: hidden = false, place = "there" } = definition;
    const command = this.#command(name, { hidden }).exitOverride((error) => {
      this.#faults = faults;
      throw error;
    });
    define(command, (body) => (this.#started = { name, place, body, faults }));
    command.aliases([...aliases]);
    if (aliases.length > 0) command.addHelpText("after", aliasesText(aliases));
  }

  #command(name: string, options: CommandOptions): Command {
    const [first = name, second] = name.split(" ");
    const found = this.#program.commands.find((command) => command.name() === first);
    const command = found ?? this.#program.command(first, options);
    if (second === undefined) return command;
    if (found === undefined) describeGroup(command, GROUPS[first]);
    return command.command(second);
  }

  #named(word: string): CommandDefinition<Context> | undefined {
    return this.#commands.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
  }

  /** Not the parser's default command: it would treat a misspelt command as an argument of the daemon. */
  #withDefault(argv: readonly string[]): string[] {
    const { operands, unknown } = this.#program.parseOptions([...argv]);
    const isNamed = (word: string): boolean =>
      word === "-h" || word === "--help" || this.#named(word) !== undefined;
    const named = operands.length > 0 || unknown.some(isNamed);
    return named ? [...argv] : [DEFAULT_COMMAND, ...argv];
  }
}

function aliasesText(aliases: readonly string[]): string {
  return `\nThe same by ${aliases.length === 1 ? "another word" : "other words"}: ${aliases.map((word) => `agentd ${word}`).join(", ")}`;
}

function describeGroup(command: Command, group: Group | undefined): void {
  if (group === undefined) throw new Error(`nothing says what the commands of ${command.name()} are for`);
  const { summary, description, examples } = group;
  command
    .summary(summary)
    .description(description)
    .addHelpText("after", example(...examples));
}

/** Takes the options that name a host, which are among those before the command, out of a command line. */
export function hostNamedIn(argv: readonly string[]): {
  readonly words: readonly string[];
  readonly options: Pick<GlobalOptions, "host" | "context">;
} {
  const words: string[] = [];
  const options = new Map<string, string | undefined>();
  let at = 0;
  for (; at < argv.length; at += 1) {
    const word = argv[at] ?? "";
    const [name = word] = word.split("=", 1);
    if (!GLOBAL_OPTIONS.includes(name)) break;
    const isOneWord = word.includes("=");
    if (HOST_OPTIONS.includes(name))
      options.set(name, isOneWord ? word.slice(name.length + 1) : argv[at + 1]);
    else words.push(...argv.slice(at, at + (isOneWord ? 1 : 2)));
    if (!isOneWord) at += 1;
  }
  words.push(...argv.slice(at));
  return { words, options: { host: options.get("--host"), context: options.get("--context") } };
}

const LOOK = "`agentd --help` lists the commands, `agentd COMMAND --help` their options.";

function usageError(error: CommanderError): AgentdError {
  const missing = error.code === "commander.help" ? "a subcommand is required" : undefined;
  const why = missing ?? error.message.replace(/^error: /, "").replace(/\n/g, " ");
  const [unknown, word = ""] = /^unknown command '([^']*)'/.exec(why) ?? [];
  const advice = unknown === undefined ? undefined : adviceFor(word);
  // The meaning of a word is a better guess than its spelling.
  return advice === undefined ? wrong(why) : wrong(`unknown command '${word}'`, `${advice}\n${LOOK}`);
}

function wrong(why: string, next = LOOK): AgentdError {
  return new AgentdError("usage", { tried: "understand the command line", why, next });
}
