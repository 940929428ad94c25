/**
 * The process as the command line sees it: the only module of the programs that uses it directly.
 */
import { open, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { isatty } from "node:tty";
import type { FarEnd, LocalContext } from "./frame/context.ts";
import type { CliHost } from "./run-command-line.ts";

/** Set by the build; sources that run unbuilt have no version. */
declare const AGENTD_VERSION: string | undefined;

/** What a process brings along. */
export function hostOf(process: NodeJS.Process): CliHost {
  return {
    argv: process.argv.slice(2),
    // As it was at the start, whatever becomes of process.env.
    env: Object.freeze({ ...process.env }),
    home: homedir(),
    uid: process.getuid?.() ?? 0,
    version: typeof AGENTD_VERSION === "string" ? AGENTD_VERSION : "0.0.0",
    stdout: process.stdout,
    stderr: process.stderr,
    // Not before it is asked for: a process that has touched it no longer ends by itself.
    stdin: () => process.stdin,
    isInteractive: () => isatty(0) && isatty(1),
    readFile: readOwnFile,
    // From the kernel: loading node:crypto for it would take the client 3 ms.
    newRequestId: async () => (await readFile("/proc/sys/kernel/random/uuid", "utf8")).trim(),
    away: undefined,
    now: Date.now,
    clock: {
      monotonic: () => performance.now(),
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    },
    onInterrupt: (listener) => onInterrupt(process, listener),
  };
}

async function* readOwnFile(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path);
  try {
    if ((await handle.stat()).isDirectory()) throw new Error("it is a directory");
    yield* handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>;
  } finally {
    await handle.close();
  }
}

/** What operators on other hosts have this process do. */
export function farEndOf(process: NodeJS.Process, run: FarEnd["run"]): FarEnd {
  const { env, stdin, stdout, stderr } = hostOf(process);
  return {
    ...{ env, stdin, stdout, stderr, run },
    enter: (directory) => process.chdir(directory),
    die: () => void process.kill(process.pid, "SIGKILL"),
  };
}

function onInterrupt(process: NodeJS.Process, listener: () => void): () => void {
  process.on("SIGINT", listener).on("SIGTERM", listener);
  return () => void process.off("SIGINT", listener).off("SIGTERM", listener);
}

/** Asks on the terminal of the process, where it has one. */
export function confirmOn({ stdin, stderr }: NodeJS.Process): LocalContext["confirm"] {
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  return (question) =>
    new Promise((resolve) => {
      const terminal = createInterface({ input: stdin, output: stderr });
      // Ctrl-C and Ctrl-D close it without an answer.
      terminal.once("close", () => resolve(false));
      terminal.question(`${question} [y/N] `, (answer) => {
        resolve(/^y(es)?$/i.test(answer.trim()));
        terminal.close();
      });
    });
}

/** Asks for lines on the terminal of the process, where it has one; an end of the input is an empty line. */
export function askOn({ stdin, stderr }: NodeJS.Process): LocalContext["ask"] {
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  // What was typed ahead of a question.
  const typed: string[] = [];
  let terminal: Interface | undefined;
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  return async (question) => {
    terminal ??= createInterface({ input: stdin, output: stderr })
      .on("line", (line) => typed.push(line))
      .once("close", () => over.abort());
    const open = terminal;
    const line = typed.shift();
    if (line !== undefined || isOver()) {
      stderr.write(`${question} ${line ?? ""}\n`);
      return (line ?? "").trim();
    }
    const answer = await new Promise<string>((resolve) => {
      const onClose = (): void => resolve("");
      open.once("close", onClose);
      open.resume();
      open.question(`${question} `, (text) => {
        open.off("close", onClose);
        resolve(text);
      });
    });
    // An open terminal would keep the process from ending.
    if (!isOver()) open.pause();
    return answer.trim();
  };
}
