import { describe, expect, it } from "vitest";
import { readCommandLine } from "../../../src/cli/command-line.ts";
import { COMMANDS } from "../../../src/cli/command-table.ts";
import { MEANINGS } from "../../../src/cli/other-words.ts";

const read = (...argv: string[]) => readCommandLine(argv, COMMANDS, "1.2.3");

const VISIBLE = COMMANDS.filter(({ isHidden }) => isHidden !== true);
const NAMES = VISIBLE.map(({ name }) => name);

function helpOf(...argv: string[]): string {
  const line = read(...argv);
  if (line.kind !== "help") throw new Error(`${argv.join(" ")} is ${line.kind}`);
  return line.text;
}

describe("the help", () => {
  it("lists every command with a summary", () => {
    const help = helpOf("--help");
    for (const name of NAMES) {
      expect(help).toMatch(new RegExp(`^  ${name.replace(/ .*/, "")}(\\|\\w+)?( .*)? {2,}\\w`, "m"));
    }
    expect(NAMES).toEqual(expect.arrayContaining(["run", "audit verify", "config check"]));
    for (const { name } of COMMANDS) if (!NAMES.includes(name)) expect(help).not.toContain(name);
  });

  it.each(NAMES)("of %s has a description and an example", (name) => {
    const help = helpOf(...name.split(" "), "--help");
    expect(help).toMatch(new RegExp(`^Usage: agentd ${name}\\b.*\\n\\n\\w[^]*\\.\\n`));
    expect(help).toMatch(new RegExp(`^Examples?:\\n  agentd ${name}`, "m"));
    expect(help).toContain("--socket <path>");
  });

  it("is the same by the help command", () => {
    expect(helpOf("help", "run")).toBe(helpOf("run", "--help"));
  });
});

describe("the command line", () => {
  it("answers --version anywhere", () => {
    expect(read("ps", "--version")).toEqual({ kind: "help", text: "agentd 1.2.3\n" });
  });

  it.each([
    [[], {}],
    [["--config", "a.toml"], { config: "a.toml" }],
    [["--socket=/s", "daemon", "--config", "a.toml"], { config: "a.toml", socket: "/s" }],
    [["ps", "--socket", "/s"], { socket: "/s" }],
    [["run", "demo", "--config", "a.toml"], { config: "a.toml" }],
    [["--host", "ssh://a", "ps"], { host: "ssh://a" }],
    [["--config", "a.toml", "--context=b", "ps"], { context: "b" }],
  ])("takes the options of every command before and after it: %j", (argv, options) => {
    expect(read(...argv)).toMatchObject({ kind: "command", options });
  });

  it.each([
    [
      ["--host", "ssh://a", "ps", "-a"],
      ["ps", "-a"],
    ],
    [
      ["--config", "a.toml", "--context=b", "--socket=/s", "ps"],
      ["--config", "a.toml", "--socket=/s", "ps"],
    ],
    [
      ["exec", "abcd", "--", "x", "--host", "y"],
      ["exec", "abcd", "--", "x", "--host", "y"],
    ],
  ])("is another host's without what names the host: %j", (argv, words) => {
    expect(read(...argv)).toMatchObject({ kind: "command", words });
  });

  it("runs the daemon when no command is named", async () => {
    const line = read("--config", "a.toml");
    if (line.kind !== "command") throw new Error(line.kind);
    const context = { runDaemon: () => Promise.resolve(42) } as unknown as Parameters<typeof line.body>[0];
    expect(await line.body(context)).toBe(42);
  });

  it.each([
    [["pss"], 2, "unknown command 'pss' (Did you mean ps?)"],
    [["ps", "--jsn"], 2, "unknown option '--jsn' (Did you mean --json?)"],
    [["--sockt", "/s"], 2, "unknown option '--sockt' (Did you mean --socket?)"],
    [["ps", "extra"], 2, "too many arguments for 'ps'. Expected 0 arguments but got 1."],
    [["logs"], 2, "missing required argument 'session'"],
    [["audit"], 2, "a subcommand is required"],
    [["audit", "verfy"], 2, "unknown command 'verfy' (Did you mean verify?)"],
    [["ps", "--host", "ssh://a"], 2, "--host and --context come before the command"],
    [["run", "demo", "--context", "a"], 125, "--host and --context come before the command"],
    [["--socket"], 2, "option '--socket <path>' argument missing"],
    [["run"], 125, "missing required argument 'profile'"],
    [["run", "demo", "--work-unti", "x"], 125, "unknown option '--work-unti' (Did you mean --work-unit?)"],
    [["--bogus", "run", "demo"], 125, "unknown option '--bogus'"],
    [["--bogus", "ps", "run"], 2, "unknown option '--bogus'"],
    [["wait"], 125, "missing required argument 'session'"],
    [["show"], 2, "missing required argument 'session'"],
    [["audit", "export"], 2, "missing required argument 'session'"],
    [["show", "abcd", "--latest"], 2, "give sessions or --latest, not both"],
    [["wait", "abcd", "-l"], 125, "give sessions or --latest, not both"],
    [["logs", "a", "b"], 2, "too many arguments for 'logs'. Expected 1 argument but got 2."],
  ])("says what is wrong with %j and that it exits with %d", (argv, usage, why) => {
    const line = read(...argv);
    if (line.kind !== "wrong") throw new Error(line.kind);
    expect(line.error.code).toBe("usage");
    expect(line.error.message).toBe(`cannot understand the command line: ${why}`);
    expect(line.faults.usage).toBe(usage);
  });
});

describe("a command that is called otherwise elsewhere", () => {
  it.each([
    [["jobs"], "agentd ps"],
    [["tail"], "agentd logs -f"],
    [["prune"], "agentd audit prune"],
    [["images"], "agentd image ls"],
    [["abort"], "agentd stop"],
    [["describe"], "agentd show"],
    [["pull"], "agentd image ls"],
    [["start"], "agentd run"],
    [["restart"], "agentd reload"],
    [["cron"], "agentd schedule"],
    [["history"], "agentd ps -a"],
    [["audit", "delete"], "agentd audit prune"],
  ])("is answered with what it is called here: %j", (argv, command) => {
    const line = read(...argv);
    if (line.kind !== "wrong") throw new Error(line.kind);
    expect(line.error.message).toBe(
      `cannot understand the command line: unknown command '${argv.at(-1) ?? ""}'`,
    );
    expect(line.error.next).toContain(`\`${command}`);
    expect(line.error.next).toContain("`agentd --help` lists the commands");
  });

  it("is one that there is not", () => {
    const named = MEANINGS.flatMap(({ words }) => words);
    expect(new Set(named).size).toBe(named.length);
    const taken = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(named.filter((word) => taken.includes(word))).toEqual([]);
  });
});
