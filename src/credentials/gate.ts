/**
 * The FIFO through which a session's credentials go into its container. The launcher waits at it, so that it is also
 * the gate which lets the command start.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "../backoff.ts";
import { AgentdError, systemCode } from "../errors.ts";
import { type Failpoints, NO_FAILPOINTS } from "../failpoints.ts";
import { type MakeFifo, makeFifo } from "../fifos.ts";
import { ifThere } from "../if-there.ts";

/** Name of the FIFO in the gate's directory, on the host and in the container. */
export const GATE_FIFO = "credentials";

/** FIFOs that were replaced; a launcher may still be about to read one. */
const FORMER = "former-";

const LOOKS = { firstMs: 1, longestMs: 20 };

export interface GateOpening {
  /** Ends the waiting and the writing. */
  readonly signal: AbortSignal;
  /** Awaited when the launcher reads, before it gets anything; when it throws, the launcher gets nothing. */
  readonly onFirstByte: () => Promise<void> | void;
  /** Default: none is armed. */
  readonly failpoints?: Failpoints | undefined;
}

/** One session's gate. Making the object touches nothing, so that one left by an earlier daemon can be removed. */
export class Gate {
  /** To be mounted read-only in the container; on a tmpfs and of mode 0700. */
  readonly directory: string;
  readonly fifoPath: string;

  /** @param name of the FIFO; default: the one for the session's own command. */
  constructor(directory: string, name = GATE_FIFO) {
    this.directory = directory;
    this.fifoPath = join(directory, name);
  }

  /**
   * Makes the directory and the FIFO.
   *
   * @param make what makes the FIFO. Default: a process of its own.
   * @throws AgentdError `state_unusable`
   */
  static async create(directory: string, make: MakeFifo = makeFifo): Promise<Gate> {
    const gate = new Gate(directory);
    try {
      await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
      await mkdir(directory, { mode: 0o700 });
      await make(gate.fifoPath);
      return gate;
    } catch (cause) {
      throw unusable(gate.fifoPath, cause);
    }
  }

  /** Moves a gate, whose mounts stay as they are. @throws AgentdError `state_unusable` */
  static async move(from: string, to: string): Promise<Gate> {
    const gate = new Gate(to);
    try {
      await rename(from, to);
      return gate;
    } catch (cause) {
      throw unusable(gate.fifoPath, cause);
    }
  }

  /**
   * Replaces a FIFO that a dead daemon may have written to by a new one: so the launcher reads the old one to its end,
   * and never reads the old and the new text as one.
   *
   * @returns false when there is none: it is removed once everything was written.
   * @throws AgentdError `state_unusable`
   */
  async renew(): Promise<boolean> {
    const next = `${this.fifoPath}.next`;
    try {
      if (!(await this.#keepFormer())) return false;
      await rm(next, { force: true });
      await makeFifo(next);
      await rename(next, this.fifoPath);
      return true;
    } catch (cause) {
      throw unusable(this.fifoPath, cause);
    }
  }

  /** Whether the FIFO exists: it is removed once everything was written. */
  async stands(): Promise<boolean> {
    return (await ifThere(stat(this.fifoPath))) !== undefined;
  }

  /**
   * Waits for the launcher, hands the payload over and removes the FIFO.
   *
   * @throws AgentdError `launcher_failed` when the launcher goes away before it got everything; what `onFirstByte`
   * throws; the signal's reason when it is aborted.
   */
  async open(
    payload: Uint8Array,
    { signal, onFirstByte, failpoints = NO_FAILPOINTS }: GateOpening,
  ): Promise<void> {
    const writer = await this.#waitForReader(signal);
    const half = payload.length >> 1;
    try {
      await onFirstByte();
      await writeAll(writer, payload.subarray(0, half), signal);
      await failpoints.reach("payload_half");
      await writeAll(writer, payload.subarray(half), signal);
    } catch (error) {
      throw systemCode(error) === "EPIPE" ? launcherGone(error) : error;
    } finally {
      await writer.close();
    }
    await failpoints.reach("payload_sent");
    await rm(this.fifoPath, { force: true });
  }

  /** Removes the gate; a launcher that still waits at it is not woken. Idempotent. */
  async remove(): Promise<void> {
    // It has no directories, and its container cannot write to it.
    const names = (await ifThere(readdir(this.directory))) ?? [];
    for (const name of names) await rm(join(this.directory, name), { force: true });
    await ifThere(rmdir(this.directory));
  }

  async #keepFormer(): Promise<boolean> {
    try {
      await link(this.fifoPath, join(this.directory, `${FORMER}${randomUUID()}`));
      return true;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    }
  }

  /** Opening without O_NONBLOCK would occupy one of Node's few file threads until there is a reader. */
  async #waitForReader(signal: AbortSignal): Promise<FileHandle> {
    const former = (await readdir(this.directory)).filter((name) => name.startsWith(FORMER));
    const backoff = new Backoff(LOOKS);
    for (;;) {
      signal.throwIfAborted();
      const writer = await openForWriting(this.fifoPath);
      if (writer !== undefined) return writer;
      // A launcher that had opened one of these before it was replaced reaches its end, and opens the new one.
      for (const name of former) await (await openForWriting(join(this.directory, name)))?.close();
      await pause(backoff.next(), signal);
    }
  }
}

/** Undefined while there is no reader. */
async function openForWriting(fifo: string): Promise<FileHandle | undefined> {
  try {
    return await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === "ENXIO") return undefined;
    throw error;
  }
}

/** A pipe takes 64 KiB at a time, and nothing while it is full. */
async function writeAll(writer: FileHandle, payload: Uint8Array, signal: AbortSignal): Promise<void> {
  const backoff = new Backoff(LOOKS);
  for (let written = 0; written < payload.length;) {
    signal.throwIfAborted();
    try {
      written += (await writer.write(payload, written)).bytesWritten;
      backoff.reset();
    } catch (error) {
      if (systemCode(error) !== "EAGAIN") throw error;
      await pause(backoff.next(), signal);
    }
  }
}

async function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function unusable(fifoPath: string, cause: unknown): AgentdError {
  return new AgentdError("state_unusable", {
    tried: `create the credentials FIFO ${fifoPath}`,
    why: systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause)),
    next: "Check that you own the runtime directory, that it is writable and that it has free space.",
    cause,
  });
}

function launcherGone(cause: unknown): AgentdError {
  return new AgentdError("launcher_failed", {
    tried: "pass the credentials to the session",
    why: "the container's shell ended while it read them",
    next: "Check that /bin/sh in the image is a POSIX shell, and read the session's output with `agentd logs`.",
    cause,
  });
}
