import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { AgentdError, systemCode } from "../../errors.ts";
import { bootId, identifyProcess, isAlive, type ProcessIdentity } from "../../process-identity.ts";

/** How long a guard may be held before it counts as left behind; proper-lockfile allows no less. */
const GUARD_STALE_MS = 5_000;
const GUARD_RETRY_MS = 100;

/** The process that has a state directory. */
interface Holder extends ProcessIdentity {
  readonly bootId: string;
}

/** The claim of this process on a state directory. */
export interface InstanceLock {
  /** Gives the directory up; idempotent. */
  release(): Promise<void>;
}

/**
 * Claims a state directory for this process, at once even when its last holder died without giving it up.
 *
 * `daemon.json` names the holder by pid, start time and boot: that is the truth. proper-lockfile goes by
 * modification times alone, so it only guards the moment in which the holder is read and replaced.
 *
 * @throws AgentdError `daemon_running`, with the holder's pid, when the holder lives.
 */
export async function lockInstance(stateDirectory: string, pid: number): Promise<InstanceLock> {
  const tried = `start the daemon on ${stateDirectory}`;
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    return await underGuard(stateDirectory, () => takeOver(stateDirectory, pid, tried));
  } catch (error) {
    if (error instanceof AgentdError) throw error;
    throw new AgentdError("state_unusable", {
      tried,
      why: error instanceof Error ? error.message : String(error),
      next: "Check that this user can write to the directory and that the file system has free space.",
      cause: error,
    });
  }
}

async function underGuard<T>(stateDirectory: string, work: () => Promise<T>): Promise<T> {
  const release = await lock(stateDirectory, {
    lockfilePath: join(stateDirectory, "daemon.lock"),
    stale: GUARD_STALE_MS,
    retries: {
      retries: (2 * GUARD_STALE_MS) / GUARD_RETRY_MS,
      factor: 1,
      minTimeout: GUARD_RETRY_MS,
      maxTimeout: GUARD_RETRY_MS,
    },
  });
  try {
    return await work();
  } finally {
    await release();
  }
}

async function takeOver(stateDirectory: string, pid: number, tried: string): Promise<InstanceLock> {
  const path = join(stateDirectory, "daemon.json");
  const holder = await readHolder(path);
  if (holder !== undefined && holder.bootId === (await bootId()) && (await isAlive(holder))) {
    throw new AgentdError("daemon_running", {
      tried,
      why: `the state directory is in use by the daemon with pid ${holder.pid}`,
      next: "Stop that daemon first, or set XDG_STATE_HOME to start another instance.",
      details: { pid: holder.pid },
    });
  }
  const own = { ...(await identifyProcess(pid)), bootId: await bootId() };
  const temporary = `${path}.${pid}`;
  await writeFile(temporary, `${JSON.stringify(own)}\n`, { mode: 0o600, flush: true });
  await rename(temporary, path);
  return { release: () => rm(path, { force: true }) };
}

/** The recorded holder; undefined for a file that a crash left half-written. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, "utf8")) as Partial<Holder> | null;
    if (typeof holder?.pid !== "number") return undefined;
    return { pid: holder.pid, startTime: String(holder.startTime), bootId: String(holder.bootId) };
  } catch (error) {
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
