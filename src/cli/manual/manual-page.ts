/** Pages for `man`, from the definitions of the option parser. */
import type { Argument, Command, Option } from "commander";

/** A page: `agentd-audit-verify.1` and its text. */
export interface ManualPage {
  readonly file: string;
  readonly text: string;
}

/**
 * A page for the program and one for each command that its help shows.
 *
 * @param program with all of its commands.
 * @param version of this agentd.
 * @param after what a command's help says below its options, such as examples.
 */
export function manualPages(
  program: Command,
  version: string,
  after: (command: Command) => string,
): ManualPage[] {
  const commands = [program, ...shownBelow(program)];
  return commands.map((command) => ({
    file: `${pageName(command)}.1`,
    text: pageOf(command, version, after(command)),
  }));
}

function shownBelow(command: Command): Command[] {
  return commandsOf(command).flatMap((each) => [each, ...shownBelow(each)]);
}

/** Those that the help shows, without `help` itself. */
function commandsOf(command: Command): Command[] {
  const shown = command.createHelp().visibleCommands(command);
  return shown.filter((each) => command.commands.includes(each));
}

function pageName(command: Command): string {
  return wordsOf(command).join("-");
}

function wordsOf(command: Command): string[] {
  return [...(command.parent === null ? [] : wordsOf(command.parent)), command.name()];
}

function pageOf(command: Command, version: string, after: string): string {
  const summary = command.summary() || firstSentence(command.description());
  const options = [...optionsOf(command)];
  const inner = commandsOf(command);
  const lines = [
    `.TH ${quoted(pageName(command).toUpperCase())} 1 "" ${quoted(`agentd ${version}`)} "agentd"`,
    ".SH NAME",
    `${text(pageName(command))} \\- ${text(summary)}`,
    ".SH SYNOPSIS",
    `.B ${text(wordsOf(command).join(" "))}`,
    text(command.usage()),
    ".SH DESCRIPTION",
    ...paragraphs(command.description()),
    ...section("ARGUMENTS", command.registeredArguments.flatMap(argumentItem)),
    ...section("COMMANDS", inner.flatMap(commandItem)),
    ...section("OPTIONS", options.flatMap(optionItem)),
    ...afterwards(after),
    ".SH SEE ALSO",
    seeAlso(command),
  ];
  return `${lines.join("\n")}\n`;
}

function optionsOf(command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function section(name: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`.SH ${name}`, ...items];
}

function argumentItem(argument: Argument): string[] {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return item(name.toUpperCase(), withChoices(argument.description, argument.argChoices));
}

function commandItem(command: Command): string[] {
  return item(`${pageName(command)}(1)`, command.summary());
}

function optionItem(option: Option): string[] {
  return item(option.flags, withChoices(option.description, option.argChoices));
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? description : `${description}: ${choices.join(", ")}`;
}

function item(term: string, description: string): string[] {
  return [".TP", `.B ${text(term)}`, text(description)];
}

/** What follows the options in the help: paragraphs, and examples that keep their lines. */
function afterwards(after: string): string[] {
  const parts = after.split(/^Examples?:$/m);
  const [notes = "", ...examples] = parts;
  const code = examples
    .join("\n")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return [
    ...section("NOTES", notes.trim() === "" ? [] : paragraphs(notes.trim())),
    ...section("EXAMPLES", code.length === 0 ? [] : [".nf", ...code.map(text), ".fi"]),
  ];
}

function seeAlso(command: Command): string {
  const others = command.parent === null ? [] : [pageName(command.parent)];
  const names = others.map((name) => `.BR ${text(name)} (1)`);
  return [...names, "The documentation is in the directory", ".I docs", "of the package."].join("\n");
}

function paragraphs(description: string): string[] {
  return description.split(/\n{2,}/).flatMap((paragraph) => [".PP", text(paragraph.replaceAll("\n", " "))]);
}

function firstSentence(description: string): string {
  return (/^[^.]*/.exec(description)?.[0] ?? "").replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

/** Text that troff shows as it is: no requests, no escapes, and hyphens that can be copied. */
function text(plain: string): string {
  const escaped = plain.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return escaped.replace(/^(?=[.'])/gm, "\\&");
}

function quoted(plain: string): string {
  return `"${text(plain.replaceAll('"', ""))}"`;
}
