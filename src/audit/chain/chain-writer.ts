/**
 * Adding statements to the chain, from any process: one after the other, each on the one before it.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { ensureDirectory, syncDirectory, syncFile, writeNewFile } from "../../durable-files.ts";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import { sha256, type StatementPlace } from "../format/statement.ts";
import type { EvidencePaths } from "../keys/evidence-paths.ts";
import { ensureSigningKey, loadSigningKey, type SigningKey } from "../keys/signing-key.ts";
import { type ChainLine, formatChainLine, keyAfter, parseChainLine } from "./chain-line.ts";
import { underThreadLock } from "./thread-lock.ts";

type OwnFields<Line> = Line extends ChainLine
  ? Omit<Line, "sequence" | "statement" | "previous" | "key">
  : never;

/** A statement that was made for its place, and the other fields of its line. */
export interface Draft {
  readonly payload: Buffer;
  readonly line: OwnFields<ChainLine>;
}

const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW;
const TAIL_BYTES = 4096;

/** Makes the key and the chain of an instance that has none yet. */
export async function ensureEvidence(paths: EvidencePaths): Promise<void> {
  await ensureSigningKey(paths);
  await ensureDirectory(paths.audit, 0o700);
  await ensureDirectory(paths.writers, 0o700);
  try {
    await writeNewFile(paths.chain, "");
    await syncDirectory(paths.audit);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/** Writes the chain of an instance; any number of them may do so at once. */
export class ChainWriter {
  readonly #paths: EvidencePaths;
  #key: SigningKey | undefined;

  constructor(paths: EvidencePaths) {
    this.#paths = paths;
  }

  /** Reads the key ahead of the first statement, which reports any fault of it. */
  prepare(): void {
    try {
      this.#key ??= loadSigningKey(this.#paths, undefined);
    } catch {
      // As said above.
    }
  }

  /**
   * Adds the statement that `make` makes for its place. Durable only after `sync`. Blocks: neither another statement
   * nor other work of this thread comes between reading the end and writing to it.
   *
   * @throws AgentdError `signing_key_unusable`, `chain_unusable`, or what `make` throws; nothing is added then.
   */
  append(make: (place: StatementPlace, key: SigningKey) => Draft): ChainLine {
    return this.#opened((fd) => {
      const last = readLastLine(fd);
      const key = this.#keyAfter(last, fd);
      const place = { sequence: (last?.sequence ?? -1) + 1, previous: last?.statement ?? null };
      const { payload, line } = make(place, key);
      const added = { ...line, ...place, statement: sha256(payload), key: key.id };
      writeLine(fd, formatChainLine(added));
      return added;
    });
  }

  /** The key that signs next: after a rotation the new one. */
  key(): SigningKey {
    if (!existsSync(this.#paths.chain)) return loadSigningKey(this.#paths, undefined);
    return this.#opened((fd) => this.#keyAfter(readLastLine(fd), fd));
  }

  /** Makes what was added durable. */
  async sync(): Promise<void> {
    await syncFile(this.#paths.chain);
  }

  #keyAfter(last: ChainLine | undefined, fd: number): SigningKey {
    const expected = last && keyAfter(last);
    // After a rotation in another process, and after a lost key was replaced.
    const isHandedOver = expected !== undefined && this.#key?.id !== expected;
    // Loading may destroy the old key, so the hand-over has to last.
    if (isHandedOver) fsyncSync(fd);
    if (isHandedOver || this.#key === undefined) this.#key = loadSigningKey(this.#paths, expected);
    return this.#key;
  }

  #opened<T>(work: (fd: number) => T): T {
    const { chain, writers } = this.#paths;
    try {
      return underThreadLock(writers, () => {
        const fd = openSync(chain, APPEND);
        try {
          return work(fd);
        } finally {
          closeSync(fd);
        }
      });
    } catch (cause) {
      if (cause instanceof AgentdError) throw cause;
      throw new AgentdError("chain_unusable", {
        tried: `add a statement to ${chain}`,
        why: sentence(cause),
        next: "Check that the file exists and belongs to this user, and that the disk is not full. The daemon creates a missing file when it starts.",
        cause,
      });
    }
  }
}

/** The last line; undefined when there is none. A partial line from a crash is removed: nothing relies on it. */
function readLastLine(fd: number): ChainLine | undefined {
  const { size } = fstatSync(fd);
  for (let bytes = Math.min(TAIL_BYTES, size); ; bytes = Math.min(bytes * 2, size)) {
    const tail = readAt(fd, size - bytes, bytes);
    const end = tail.lastIndexOf("\n");
    const start = end < 0 ? -1 : tail.lastIndexOf("\n", end - 1);
    if (start < 0 && bytes < size) continue;
    if (end + 1 < bytes) ftruncateSync(fd, size - bytes + end + 1);
    return end < 0 ? undefined : lastLineIn(tail.subarray(start + 1, end));
  }
}

function lastLineIn(content: Buffer): ChainLine {
  const line = parseChainLine(content.toString("utf8"));
  if (line !== undefined) return line;
  throw new Error("its last line is damaged; see `agentd audit verify --all`");
}

function readAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const more = readSync(fd, buffer, read, length - read, position + read);
    if (more === 0) throw new Error("it was truncated while it was read");
    read += more;
  }
  return buffer;
}

/** Writes all of a line or nothing. */
function writeLine(fd: number, line: string): void {
  const { size } = fstatSync(fd);
  const content = Buffer.from(line);
  try {
    for (let written = 0; written < content.length;) {
      written += writeSync(fd, content, written, content.length - written);
    }
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  }
}
