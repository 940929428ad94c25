import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, open, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Gate } from "../../../src/credentials/gate.ts";
import { CUT_SHORT, launcherArgv } from "../../../src/credentials/launcher.ts";
import { payloadText } from "../../../src/credentials/payload.ts";
import { shellKeeps } from "../../../src/credentials/shell-names.ts";

/** The shells that stand behind /bin/sh in images; the words come before `-c`. */
const SHELLS = [
  { name: "dash", words: [findShell("dash")] },
  { name: "bash", words: [findShell("bash")] },
  { name: "bash as /bin/sh", words: [findShell("bash"), "--posix"] },
  { name: "busybox sh", words: [findShell("busybox"), "sh"] },
];

const PATH = process.env["PATH"] ?? "";
/** What shells add to an environment by themselves. */
const ADDED_BY_SHELLS = ["PATH", "PWD", "OLDPWD", "SHLVL", "_"];

/** Names with a meaning for one shell or another that arrive all the same. */
const KNOWN_TO_SHELLS =
  "CDPATH CHILD_MAX COLUMNS COMP_WORDBREAKS COPROC FCEDIT GLOBIGNORE HISTFILE HOSTNAME LANG LC_ALL LINES LOGNAME MAIL OPTARG OPTERR PROMPT_COMMAND PS1 PS2 PS3 REPLY SHELL TERM TMOUT TMPDIR TZ USER".split(
    " ",
  );

let root: string;
let gates: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-launcher-"));
  gates = 0;
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe.each(SHELLS)("the launcher in $name", ({ words }) => {
  const values = new Map([
    ["QUOTES", `'a' "b" ''' '\\'' \``],
    ["NEWLINES", "\n\none\n\ttwo\r\n\n"],
    ["EXPANSION", "$(touch pwned) `touch pwned` $HOME ${PATH} $$ !! ~ * ? [a-z] {a,b}"],
    ["BACKSLASHES", "\\ \\\\ \\n \\0 \\' trailing\\"],
    ["LOOKS_LIKE_THE_END", "}\ngo=1\n"],
    ["EMPTY", ""],
    ["UTF8", "grüße 日本 🚀 \u200b"],
    ["CONTROL", "\u0001\u0007\u001b[31m\u007f"],
    ["LARGE", "k'\n".repeat(20_480)],
    ["LARGER", "x".repeat(100 * 1024)],
    ["lower_case_1", "x"],
  ]);

  it("hands every value over to the byte, and nothing else", async () => {
    const gate = await newGate();
    const command = start(words, gate, ["env", "-0"]);
    await gate.open(command.payload(values), { signal: command.ended, onFirstByte });
    expect(await command.exit).toEqual({ code: 0, signal: null });
    expect(credentialsIn(command.output())).toEqual(values);
    expect(existsSync(join(root, "pwned"))).toBe(false);
  });

  it("starts the command also when there are no credentials, and does not keep its own variable", async () => {
    const gate = await newGate();
    const command = start(words, gate, ["env", "-0"], { go: "1" });
    await gate.open(command.payload(new Map()), { signal: command.ended, onFirstByte });
    expect(await command.exit).toEqual({ code: 0, signal: null });
    expect(credentialsIn(command.output())).toEqual(new Map());
  });

  it("takes a value as long as the kernel does", async () => {
    const longest = new Map([["A", "x".repeat(131_069)]]);
    const gate = await newGate();
    const command = start(words, gate, ["env", "-0"]);
    await gate.open(command.payload(longest), { signal: command.ended, onFirstByte });
    expect(await command.exit).toEqual({ code: 0, signal: null });
    expect(credentialsIn(command.output())).toEqual(longest);
  });

  it("hands over every name that is not refused, also those that shells know", async () => {
    const { stdout } = await execa(findShell("bash"), ["-c", "compgen -v"], { env: {}, extendEnv: false });
    const names = [...stdout.split("\n"), ...KNOWN_TO_SHELLS].filter(
      (name) => !shellKeeps(name) && !ADDED_BY_SHELLS.includes(name),
    );
    const named = new Map(names.map((name) => [name, `it's ${name}`]));
    const gate = await newGate();
    const command = start(words, gate, ["env", "-0"]);
    await gate.open(command.payload(named), { signal: command.ended, onFirstByte });
    expect(await command.exit).toEqual({ code: 0, signal: null });
    expect(credentialsIn(command.output())).toEqual(named);
  });

  it("passes arguments on untouched", async () => {
    const args = ["a b", "", "'\"", "$(c)", "\\", "--", "-n", "x\ny", "*"];
    const gate = await newGate();
    const command = start(words, gate, [
      process.execPath,
      "-p",
      "JSON.stringify(process.argv.slice(1))",
      "--",
      ...args,
    ]);
    await gate.open(command.payload(new Map()), { signal: command.ended, onFirstByte });
    await command.exit;
    expect(JSON.parse(command.output().toString())).toEqual(args);
  });

  it("ends as the command does", async () => {
    const notExecutable = join(root, "not-executable");
    await writeFile(notExecutable, "x", { mode: 0o644 });
    const endings: [string[], { code: number | null; signal: string | null }][] = [
      [["sh", "-c", "exit 42"], { code: 42, signal: null }],
      [["sh", "-c", "kill -TERM $$"], { code: null, signal: "SIGTERM" }],
      [["no-such-command"], { code: 127, signal: null }],
      [[notExecutable], { code: 126, signal: null }],
    ];
    for (const [argv, ending] of endings) {
      const gate = await newGate();
      const command = start(words, gate, argv);
      await gate.open(command.payload(values), { signal: command.ended, onFirstByte });
      expect(await command.exit).toEqual(ending);
    }
  });

  it("exits instead of spinning where the FIFO is gone", async () => {
    const gate = await newGate();
    await gate.remove();
    const command = start(words, gate, ["env", "-0"]);
    expect(await command.exit).toEqual({ code: CUT_SHORT, signal: null });
  });

  it("has a code of its own where the gate goes in the middle, and passes every code of the command on", async () => {
    const gate = await newGate();
    const command = start(words, gate, ["env", "-0"]);
    const payload = command.payload(values);
    const writer = await open(gate.fifoPath, "w");
    while (!(await hasOpen(command.process, gate.fifoPath))) await sleep(1);
    await writer.write(payload.subarray(0, payload.length >> 1));
    await gate.remove();
    await writer.close();
    expect(await command.exit).toEqual({ code: CUT_SHORT, signal: null });
    expect(command.output().toString()).toBe("");

    for (const code of [0, 1, 125, CUT_SHORT, 255]) {
      const next = await newGate();
      const ends = start(words, next, ["sh", "-c", `exit ${code}`]);
      await next.open(ends.payload(values), { signal: ends.ended, onFirstByte });
      expect(await ends.exit).toEqual({ code, signal: null });
    }
  });

  it("keeps nothing of a hand-over that was cut short when the next one brings other credentials", async () => {
    const gate = await newGate();
    const command = start(words, gate, ["env", "-0"]);
    const old = command.payload(new Map([["OLD", "x"]])).toString();
    await handOverCutShort(command.process, gate.fifoPath, Buffer.from(old.slice(0, old.indexOf("}"))));
    await gate.open(command.payload(new Map([["NEW", "y"]])), { signal: command.ended, onFirstByte });
    expect(await command.exit).toEqual({ code: 0, signal: null });
    expect(credentialsIn(command.output())).toEqual(new Map([["NEW", "y"]]));
  });

  it("never starts the command with less than all credentials, wherever a hand-over is cut short", async () => {
    const few = new Map([
      ["IFS_LIKE", "a'b"],
      ["NEWLINE", "c\nd"],
      ["LAST", "$(e)\\"],
    ]);
    const payload = payloadText({ variables: few, command: ["env", "-0"] });
    for (let cut = 0; cut < payload.length; cut += 1) {
      const gate = await newGate();
      const command = start(words, gate, ["env", "-0"]);
      await handOverCutShort(command.process, gate.fifoPath, payload.subarray(0, cut));
      // Only the last newline is missing: the shell has gone on, and nobody reads any more.
      const complete = cut === payload.length - 1;
      const again = gate.open(payload, { signal: command.ended, onFirstByte });
      if (complete) await expect(again).rejects.toThrow();
      else await again;
      expect(await command.exit).toEqual({ code: 0, signal: null });
      expect(credentialsIn(command.output()), `cut after ${cut} bytes`).toEqual(few);
    }
  });
});

const onFirstByte = () => undefined;

async function newGate(): Promise<Gate> {
  gates += 1;
  return await Gate.create(join(root, `gate ${gates}`));
}

interface Command {
  readonly process: ChildProcess;
  /** Aborted when the process has ended. */
  readonly ended: AbortSignal;
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  output(): Buffer;
  /** What a gate hands over for it. */
  payload(variables: ReadonlyMap<string, string>): Buffer;
}

/** Starts the launcher as a container would. */
function start(
  shell: readonly string[],
  gate: Gate,
  command: readonly string[],
  environment: Record<string, string> = {},
): Command {
  const [program = "", ...args] = [...shell, ...launcherArgv(gate.fifoPath).slice(1)];
  const child = spawn(program, args, {
    cwd: root,
    env: { PATH, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const chunks: Buffer[] = [];
  const ended = new AbortController();
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const exit = once(child, "close").then(([code, signal]) => {
    ended.abort();
    return { code: code as number | null, signal: signal as string | null };
  });
  const payload = (variables: ReadonlyMap<string, string>): Buffer => payloadText({ variables, command });
  return { process: child, ended: ended.signal, exit, output: () => Buffer.concat(chunks), payload };
}

/** The variables of an `env -0`, without those that a shell adds. */
function credentialsIn(output: Buffer): Map<string, string> {
  const entries = output.toString().split("\0").slice(0, -1);
  const variables = entries.map((entry) => {
    const equals = entry.indexOf("=");
    return [entry.slice(0, equals), entry.slice(equals + 1)] as const;
  });
  return new Map(variables.filter(([name]) => !ADDED_BY_SHELLS.includes(name)));
}

/** What a daemon does that is killed in the middle: resolves when the launcher has read it all and seen the end. */
async function handOverCutShort(launcher: ChildProcess, fifo: string, bytes: Uint8Array): Promise<void> {
  const writer = await open(fifo, "w");
  while (!(await hasOpen(launcher, fifo))) await sleep(1);
  await writer.write(bytes);
  await writer.close();
  while (await hasOpen(launcher, fifo)) await sleep(1);
}

async function hasOpen(child: ChildProcess, path: string): Promise<boolean> {
  const directory = `/proc/${child.pid ?? 0}/fd`;
  // The process may end, and its descriptors with it.
  const descriptors = await readdir(directory).catch(() => []);
  const targets = descriptors.map((descriptor) => readlink(join(directory, descriptor)).catch(() => ""));
  return (await Promise.all(targets)).includes(path);
}

function findShell(name: string): string {
  const directories = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];
  const found = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed: the launcher has to be tested in it`);
  return found;
}
