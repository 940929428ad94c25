/**
 * A lock between threads of any processes of one user, held for moments: by a worker of the daemon and by commands.
 *
 * A thread that wants it puts a file named after itself into a directory, then looks: it has the lock when no other
 * living thread has a file there. Of two that come at once, each sees the other's file or is seen, so never both have
 * it. A name is of one thread of one boot and is never used again, so any thread can remove the files of dead ones. A
 * lock that goes by the age of a file can be taken from a process that was only suspended.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { threadStartTime } from "../../process-identity.ts";

/** A holder needs it for one write only; if it takes longer, the holder is suspended. */
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 10;

/**
 * Does work while no other thread works under the same lock. Blocks this thread until then.
 *
 * @param directory exists, and has no other use.
 */
export function underThreadLock<T>(directory: string, work: () => T): T {
  const own = join(directory, ownName());
  acquire(directory, own);
  try {
    return work();
  } finally {
    rmSync(own, { force: true });
  }
}

function acquire(directory: string, own: string): void {
  const started = performance.now();
  for (;;) {
    closeSync(openSync(own, "w", 0o600));
    const others = otherHolders(directory, own);
    if (others.length === 0) return;
    rmSync(own);
    if (performance.now() - started > PATIENCE_MS) {
      throw new Error(`thread ${others.join(", ")} still holds the lock on ${directory}`);
    }
    pause(Math.random() * LONGEST_PAUSE_MS);
  }
}

/** The threads that live and have a file there; files of dead ones are removed. */
function otherHolders(directory: string, own: string): string[] {
  const living: string[] = [];
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (path === own) continue;
    if (isAlive(name)) living.push(name);
    else rmSync(path, { force: true });
  }
  return living;
}

/** The name of this thread: its number, its start time, and the boot in which both mean something. */
function ownName(): string {
  const thread = readlinkSync("/proc/thread-self").split("/").at(-1) ?? "";
  return nameOf(thread, threadStartTime(thread) ?? "");
}

function isAlive(name: string): boolean {
  const [thread = ""] = name.split(".");
  const startTime = /^\d+$/.test(thread) ? threadStartTime(thread) : undefined;
  return startTime !== undefined && nameOf(thread, startTime) === name;
}

function nameOf(thread: string, startTime: string): string {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return `${thread}.${startTime}.${boot}`;
}

/** Sleeps without a turn of the event loop: what comes after must not be interrupted by other work of this thread. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
