/**
 * Programs of the host that may hang, such as `stat` on a dead network mount: a caller waits only until its limit.
 */
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { endGroupWith } from "./process-group.ts";

/** The result of a program: it ended, it does not exist, or it did not end in time. */
export type BoundedRun =
  | {
      readonly kind: "ended";
      readonly exitCode: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: "missing" }
  | { readonly kind: "hung" };

export interface BoundedOptions {
  /** The whole environment of the program. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends the program, and the processes that it has started, after this time. */
  readonly limitMs: number;
  /** What it reads from its standard input. Default: nothing. */
  readonly input?: string | undefined;
  /** Ends the program; what it comes to is then of no use. Default: never. */
  readonly signal?: AbortSignal | undefined;
}

/** For a program that even SIGKILL does not end, because the kernel itself waits. */
const KILL_TAKES_MS = 2_000;
/** Exit code of `timeout` for a program that does not exist. */
const NO_SUCH_PROGRAM = 127;

/** Runs a program to its end. Never throws. */
export async function runBounded(
  program: string,
  args: readonly string[],
  { environment, limitMs, input, signal }: BoundedOptions,
): Promise<BoundedRun> {
  // A process group of its own, which also ends in time when this process has ended.
  const child = execa("timeout", ["--signal=KILL", String(limitMs / 1000), program, ...args], {
    env: environment,
    extendEnv: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    detached: true,
    reject: false,
  });
  if (signal !== undefined) endGroupWith(child, signal);
  const over = new AbortController();
  const late = delay(limitMs + KILL_TAKES_MS, undefined, { signal: over.signal }).catch(() => undefined);
  const result = await Promise.race([child, late]);
  over.abort();
  if (result === undefined) {
    // This process can end without it.
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
    return { kind: "hung" };
  }
  if (result.signal === "SIGKILL") return { kind: "hung" };
  const { exitCode, stdout, stderr } = result;
  if (exitCode === undefined || exitCode === NO_SUCH_PROGRAM) return { kind: "missing" };
  return { kind: "ended", exitCode, stdout, stderr };
}
