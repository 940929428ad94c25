/**
 * A sealed record as one file, for its way from a node to the head: for each of its files a line of JSON with path and
 * size, and then the bytes. Not tar: only regular files can be written down in it, so that is all that can come out of it.
 */
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import * as z from "zod";
import { type BytePath, bytePath, fsPath, joinBytes, listNames, parentOf } from "../../trees/byte-path.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";

const FIRST_LINE = "agentd-record 1\n";
const CHUNK_BYTES = 256 * 1024;
/** Longer than that of the longest path, with every byte escaped. */
const LONGEST_LINE_BYTES = 64 * 1024;
const MOST_PATH_BYTES = 4_000;

const headerSchema = z.strictObject({
  /** From the record's root; one character (U+0000 to U+00FF) for each byte. */
  path: z.string().min(1).max(MOST_PATH_BYTES),
  bytes: z.int().nonnegative(),
});

/**
 * Packs a sealed record, which nobody changes any more.
 *
 * @param path of the new file, which must not exist.
 * @throws Error when there is anything but directories and regular files; the system's error.
 */
export async function packRecord(directory: string, path: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(FIRST_LINE);
    for (const { path: name, bytes } of filesBelow(bytePath(directory))) {
      await file.writeFile(`${JSON.stringify({ path: name, bytes })}\n`);
      await copyWhole(joinBytes(bytePath(directory), name), bytes, file);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Unpacks what a node has sent: nothing is written outside the directory, and no file twice.
 *
 * @param directory existing and empty, and nobody else's.
 * @throws Error when the file is no such archive; the system's error.
 */
export async function unpackRecord(path: string, directory: string): Promise<void> {
  const reader = new Reader(createReadStream(path, { highWaterMark: CHUNK_BYTES }));
  if (`${(await reader.line()) ?? ""}\n` !== FIRST_LINE) throw new Error("it is no archive of a record");
  const made = new Set<BytePath>();
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    const { path: name, bytes } = headerSchema.parse(JSON.parse(line));
    const relative = checkedPath(name);
    await makeParents(bytePath(directory), parentOf(relative), made);
    // Exclusive: a path that comes twice is refused.
    const file = await open(fsPath(joinBytes(bytePath(directory), relative)), "wx", 0o600);
    try {
      await reader.copy(bytes, file);
    } finally {
      await file.close();
    }
  }
}

interface PackedFile {
  readonly path: BytePath;
  readonly bytes: number;
}

function* filesBelow(root: BytePath, below?: BytePath): Generator<PackedFile> {
  const here = below === undefined ? root : joinBytes(root, below);
  using directory = TreeEntry.root(fsPath(here));
  for (const name of listNames(here)) {
    const path = below === undefined ? name : joinBytes(below, name);
    const stats = directory.look(name);
    if (stats.isDirectory()) yield* filesBelow(root, path);
    else if (stats.isFile()) yield { path, bytes: stats.size };
    else throw new Error("a sealed record has only directories and files");
  }
}

async function copyWhole(path: BytePath, bytes: number, to: FileHandle): Promise<void> {
  let copied = 0;
  for await (const chunk of createReadStream(fsPath(path), { highWaterMark: CHUNK_BYTES })) {
    copied += (chunk as Buffer).length;
    await to.writeFile(chunk as Buffer);
  }
  if (copied !== bytes) throw new Error("a file of the record changed while it was packed");
}

/** @throws Error for a path that leads elsewhere. */
function checkedPath(path: string): BytePath {
  const isBytes = !/[^\u0001-\u00ff]/.test(path);
  const names = path.split("/");
  if (!isBytes || names.some((name) => name === "" || name === "." || name === ".."))
    throw new Error("the archive has a path that no record has");
  return path as BytePath;
}

async function makeParents(root: BytePath, path: BytePath, made: Set<BytePath>): Promise<void> {
  if (path === "" || made.has(path)) return;
  await makeParents(root, parentOf(path), made);
  await mkdir(fsPath(joinBytes(root, path)), 0o700);
  made.add(path);
}

/** Lines and bytes of a stream, in turns. */
class Reader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.subarray(0, end).toString("utf8");
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#rest.length > LONGEST_LINE_BYTES) throw new Error("the archive has a line that is too long");
      const isEmpty = this.#rest.length === 0;
      if (await this.#more()) continue;
      if (isEmpty) return undefined;
      throw new Error("the archive ends in the middle of a line");
    }
  }

  async copy(bytes: number, to: FileHandle): Promise<void> {
    for (let left = bytes; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more()))
        throw new Error("the archive ends in the middle of a file");
      const piece = this.#rest.subarray(0, left);
      await to.writeFile(piece);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#rest = Buffer.concat([this.#rest, next.value]);
    return true;
  }
}
