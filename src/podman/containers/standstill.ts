/**
 * Stops and continues all processes of a container by signals, where it has no control group to freeze: rootless on
 * cgroup v1. `kill(-1)` in the container's PID namespace signals all of them in one step, which no fork escapes: the kernel
 * has a new process wait until its parent has taken the signal. The container's init is left out, and does nothing.
 */
import { setTimeout as delay } from "node:timers/promises";
import { runBounded } from "../../bounded-command.ts";
import type { Environment } from "../../environment.ts";
import { AgentdError } from "../../errors.ts";
import { readProcFile } from "../../process-identity.ts";
import type { PidNamespaces } from "./container-usage.ts";

const LIMIT_MS = 10_000;
/** A process that waits for a disk stops when that has answered. */
const LOOKS = 100;
const LOOK_PAUSE_MS = 20;

/** Signals all processes but init, as root of the container's user namespace: what runs there cannot touch the signaller. */
const PROGRAMS = { STOP: "kill -s STOP -- -1", CONT: "kill -s CONT -- -1" } as const;

export interface Standstill {
  readonly namespaces: PidNamespaces;
  /** `PATH`, for nsenter. */
  readonly environment: Environment;
}

/**
 * Stops all processes, and returns when they stand still.
 *
 * @param firstPid the container's first process, as the host numbers it.
 * @throws AgentdError `pause_failed`: some may stand still.
 */
export async function stopAll(firstPid: number, { namespaces, environment }: Standstill): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks++) {
    // Again each time: a command may have been started beside the others.
    await signalAll(firstPid, "STOP", environment);
    const pids = (await namespaces.neighboursOf(firstPid)).filter((pid) => pid !== firstPid);
    const states = await Promise.all(pids.map(stateOf));
    if (states.every((state) => STANDS_STILL.includes(state))) return;
    await delay(LOOK_PAUSE_MS);
  }
  throw failure("some of its processes do not stop", "They may wait for a disk: try again.");
}

/** @throws AgentdError `pause_failed`. */
export async function continueAll(firstPid: number, environment: Environment): Promise<void> {
  await signalAll(firstPid, "CONT", environment);
}

/** Stopped, also by a tracer; ended, or gone. */
const STANDS_STILL = ["T", "t", "Z", "X", ""];

async function stateOf(pid: number): Promise<string> {
  const stat = await readProcFile(pid, "stat");
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[0] ?? "";
}

async function signalAll(
  firstPid: number,
  name: keyof typeof PROGRAMS,
  environment: Environment,
): Promise<void> {
  const enter = ["-t", String(firstPid), "-U", "-p", "--"];
  const run = await runBounded("nsenter", [...enter, "sh", "-c", PROGRAMS[name]], {
    environment: { PATH: environment["PATH"] },
    limitMs: LIMIT_MS,
  });
  if (run.kind === "missing") throw failure("nsenter is not in PATH", "Install util-linux.");
  if (run.kind === "hung") throw failure(`nsenter took longer than ${LIMIT_MS / 1000} s`);
  // Without any process but init there is nobody to signal.
  if (run.exitCode !== 0 && !/no such process/i.test(run.stderr))
    throw failure(`nsenter failed: ${run.stderr.trim()}`);
}

function failure(why: string, next = "See `agentd doctor`."): AgentdError {
  return new AgentdError("pause_failed", { tried: "stop or continue the session's processes", why, next });
}
