/** Candidates for the word at the cursor, from the definitions of the option parser. */
import type { Command, Option } from "commander";

/** Kinds of words: one of a list, a name to look up, or anything. */
export type Candidates =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  /** The ending follows the name in the same word. */
  | { readonly kind: "sessions"; readonly openOnly: boolean; readonly ending: "" | ":" }
  /** Of a profile: the word before. */
  | { readonly kind: "schedules"; readonly profile: string }
  | { readonly kind: "targets" | "profiles" | "agents" | "contexts" | "volumes" | "files" | "anything" };

export interface Word {
  readonly word: string;
  readonly summary: string;
}

/** Argument names that mean the same in several commands. */
const KINDS: Readonly<Record<string, "targets" | "profiles" | "agents" | "contexts" | "volumes" | "files">> =
  {
    target: "targets",
    profile: "profiles",
    agent: "agents",
    context: "contexts",
    volume: "volumes",
    file: "files",
    path: "files",
    destination: "files",
  };

/** Commands that do nothing for a session that has ended. */
const OF_OPEN_SESSIONS = ["stop", "wait", "pause", "resume", "exec", "attach", "top", "stats"];

const HELP: Word = { word: "--help", summary: "print help" };

/**
 * Finds all candidates for the last of the words; the caller filters by its start.
 *
 * @param program with all of its commands.
 * @param words the words after the program's name; the last one is being typed, and may be empty.
 */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  // Bash splits `--stream=stdout` into three words.
  const [typed = "", ...before] = words.filter((word) => word !== "=").reverse();
  let command = program;
  const operands: string[] = [];
  let awaiting: Option | undefined;
  for (const word of before.reverse()) {
    if (awaiting !== undefined) awaiting = undefined;
    else if (word.startsWith("-")) awaiting = optionsOf(command).find((option) => takesValue(option, word));
    else if (command.commands.length > 0) command = inner(command, word) ?? command;
    else operands.push(word);
  }
  if (awaiting !== undefined) return valuesOf(valueName(awaiting), awaiting.argChoices, command);
  if (typed.startsWith("-")) return { kind: "words", words: [...optionsOf(command).flatMap(flags), HELP] };
  if (command.commands.length > 0) return { kind: "words", words: commandsOf(command) };
  const last = command.registeredArguments.at(-1);
  const argument =
    command.registeredArguments[operands.length] ?? (last?.variadic === true ? last : undefined);
  if (argument?.name() === "schedule") return { kind: "schedules", profile: operands.at(-1) ?? "" };
  return valuesOf(argument?.name(), argument?.argChoices, command);
}

function valuesOf(
  name: string | undefined,
  choices: readonly string[] | undefined,
  command: Command,
): Candidates {
  if (choices !== undefined) {
    return { kind: "words", words: choices.map((word) => ({ word, summary: "" })) };
  }
  if (name === "session")
    return { kind: "sessions", openOnly: OF_OPEN_SESSIONS.includes(command.name()), ending: "" };
  if (name === "session:path") return { kind: "sessions", openOnly: false, ending: ":" };
  return { kind: KINDS[name ?? ""] ?? "anything" };
}

/** Those of the command, then those that every command takes. */
function optionsOf(command: Command): Option[] {
  return command.parent === null ? [...command.options] : [...command.options, ...optionsOf(command.parent)];
}

function takesValue(option: Option, flag: string): boolean {
  return (option.required || option.optional) && (flag === option.long || flag === option.short);
}

/** `socket` of `--socket <path>` is an option's name; its value is called `path`. */
function valueName({ flags: written }: Option): string | undefined {
  return /[<[](\w+)[>\]]/.exec(written)?.[1];
}

function flags({ long, description }: Option): Word[] {
  return long === undefined ? [] : [{ word: long, summary: description }];
}

function inner(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word));
}

/** Those that the help shows. */
function commandsOf(command: Command): Word[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((visible) => ({ word: visible.name(), summary: visible.summary() || visible.description() }));
}
