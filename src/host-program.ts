/** A program of the operator's on this host: few variables, bounded time, and the beginning of what it prints. */
import { execa } from "execa";
import type { Environment } from "./environment.ts";
import { exitAndOutput } from "./exit-and-output.ts";
import { endGroupWith } from "./process-group.ts";

/** Between SIGTERM and SIGKILL. */
const GRACE_S = 5;
const MOST_OUTPUT_BYTES = 16 * 1024;
/** What `timeout` ends with when the time is up: by itself, and when it had to kill. */
const TIME_IS_UP = [124, 137];
const NO_SUCH_PROGRAM = 127;
const NAMES = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];

export interface HostProgramOptions {
  /** The daemon's; the program gets a few names of it. */
  readonly environment: Environment;
  /** What it reads from its standard input. */
  readonly input: string | Buffer;
  readonly limitMs: number;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/** Why it failed, else undefined, and the beginning of what it printed. */
export interface HostProgramEnd {
  readonly why: string | undefined;
  readonly output: string;
}

/** Runs it, in `/`. Does not throw. */
export async function runHostProgram(
  command: readonly string[],
  { environment, input, limitMs, signal }: HostProgramOptions,
): Promise<HostProgramEnd> {
  const seconds = limitMs / 1000;
  const child = execa("timeout", [`--kill-after=${GRACE_S}`, String(seconds), ...command], {
    env: Object.fromEntries(NAMES.map((name) => [name, environment[name]])),
    extendEnv: false,
    cwd: "/",
    input,
    all: true,
    buffer: false,
    reject: false,
    detached: true,
  });
  endGroupWith(child, signal);
  let output = Buffer.alloc(0);
  child.all.on("data", (chunk: Buffer) => {
    if (output.length < MOST_OUTPUT_BYTES) output = Buffer.concat([output, chunk]);
  });
  const code = await exitAndOutput(child, [child.all]);
  return {
    why: whyOf(code, { program: command[0] ?? "", seconds }),
    output: output.subarray(0, MOST_OUTPUT_BYTES).toString("utf8"),
  };
}

function whyOf(
  code: number | null,
  { program, seconds }: { readonly program: string; readonly seconds: number },
): string | undefined {
  if (code === 0) return undefined;
  if (code === null || TIME_IS_UP.includes(code)) return `it did not end within ${seconds} seconds`;
  if (code === NO_SUCH_PROGRAM) return `there is no program ${program}, or it says so (exit code 127)`;
  return `it ended with exit code ${code}`;
}
