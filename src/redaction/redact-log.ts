/**
 * Writes a console log anew without the values of credentials. Each line of the new file is a line of the old one, with
 * the same time and stream.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { type ConsoleStream, readHeader } from "../podman/console-log.ts";
import { openRegularFile } from "../regular-file.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { type Piece, Redactor } from "./redactor.ts";

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** Bytes of the old file, and what stands in their place in the new one. */
export interface Replaced {
  /** In the old file. */
  readonly offset: number;
  readonly bytes: number;
  /** Empty where a value goes on that began in an earlier line. */
  readonly by: string;
}

/** What a console log has of values. */
export interface LogFindings {
  /** In the order of the file. */
  readonly replaced: readonly Replaced[];
  /** How many values: one that spans lines has several entries in `replaced`. */
  readonly values: number;
  /** Size of the file. */
  readonly bytes: number;
}

/** The text of a line in the file. */
interface Span {
  readonly offset: number;
  /** Bytes of text in the file. */
  readonly length: number;
  /** Whether the text goes on with a newline that is not part of a longer line. */
  readonly endsLine: boolean;
}

/**
 * Finds the values in a console log that nobody writes to any more.
 *
 * @param chunkBytes how much is read at once. Default 256 KiB.
 */
export async function findInLog(
  path: string,
  fingerprints: Fingerprints,
  chunkBytes = CHUNK_BYTES,
): Promise<LogFindings> {
  const finders = { stdout: new StreamFinder(fingerprints), stderr: new StreamFinder(fingerprints) };
  const file = await openRegularFile(path);
  let bytes = 0;
  try {
    const lines = new LineReader(finders);
    for await (const chunk of chunksOf(file, chunkBytes)) {
      bytes += chunk.length;
      lines.take(chunk);
      for (const finder of Object.values(finders)) finder.flush();
    }
    lines.end();
  } finally {
    await file.close();
  }
  const replaced = Object.values(finders)
    .flatMap((finder) => finder.end())
    .sort((one, other) => one.offset - other.offset);
  return { replaced, values: finders.stdout.values + finders.stderr.values, bytes };
}

/** As `findInLog`, in whole lines of a log; offsets are in them. */
export function findInBytes(data: Buffer, fingerprints: Fingerprints): readonly Replaced[] {
  const finders = { stdout: new StreamFinder(fingerprints), stderr: new StreamFinder(fingerprints) };
  const lines = new LineReader(finders);
  lines.take(data);
  lines.end();
  return Object.values(finders)
    .flatMap((finder) => finder.end())
    .sort((one, other) => one.offset - other.offset);
}

/**
 * Writes the new file, durably.
 *
 * @param target a file that does not exist.
 * @param chunkBytes how much is read at once. Default 256 KiB.
 * @returns its size and SHA-256.
 */
export async function writeWithout(
  source: string,
  target: string,
  { replaced }: Pick<LogFindings, "replaced">,
  chunkBytes = CHUNK_BYTES,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const [from, to] = [await openRegularFile(source), await open(target, "wx", 0o600)];
  const hash = createHash("sha256");
  let bytes = 0;
  const write = async (data: Buffer): Promise<void> => {
    for (let done = 0; done < data.length;) done += (await to.write(data, done)).bytesWritten;
    hash.update(data);
    bytes += data.length;
  };
  try {
    let offset = 0;
    let next = 0;
    /** Until where the old file is replaced already. */
    let skipTo = 0;
    for await (const chunk of chunksOf(from, chunkBytes)) {
      const end = offset + chunk.length;
      const parts: Buffer[] = [];
      let at = Math.max(offset, skipTo);
      for (let edit = replaced[next]; edit !== undefined && edit.offset < end; edit = replaced[next]) {
        parts.push(chunk.subarray(at - offset, edit.offset - offset), Buffer.from(edit.by));
        skipTo = edit.offset + edit.bytes;
        at = Math.min(skipTo, end);
        next += 1;
      }
      if (at < end) parts.push(chunk.subarray(at - offset));
      await write(Buffer.concat(parts));
      offset = end;
    }
    await to.sync();
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Whole chunks, which may be reused when the next one is asked for. */
async function* chunksOf(file: FileHandle, chunkBytes: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(chunkBytes);
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** Cuts the file into lines, and gives their texts to the streams. */
class LineReader {
  readonly #finders: Readonly<Record<ConsoleStream, StreamFinder>>;
  #rest = Buffer.alloc(0);
  /** Of `rest` in the file. */
  #offset = 0;

  constructor(finders: Readonly<Record<ConsoleStream, StreamFinder>>) {
    this.#finders = finders;
  }

  take(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      this.#line(data, start, end + 1);
      start = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(start));
    this.#offset += start;
  }

  end(): void {
    if (this.#rest.length > 0) this.#line(this.#rest, 0, this.#rest.length);
  }

  #line(data: Buffer, start: number, end: number): void {
    // A line of another form is text of its own, as it is printed.
    const { stream, goesOn, length } = readHeader(data, start, end) ?? {
      stream: "stdout" as const,
      goesOn: false,
      length: 0,
    };
    const textStart = start + length;
    const textEnd = data[end - 1] === NEWLINE ? end - 1 : end;
    const endsLine = !goesOn && textEnd < end;
    this.#finders[stream].add(data.subarray(textStart, textEnd), {
      offset: this.#offset + textStart,
      length: textEnd - textStart,
      endsLine,
    });
  }
}

const LINE_END = Buffer.from("\n");

/** Finds values in one stream, and says where they are in the file. */
class StreamFinder {
  readonly #redactor: Redactor;
  readonly #replaced: Replaced[] = [];
  /** Texts that the redactor has not seen yet. */
  #batch: Buffer[] = [];
  /** Of which not everything is decided. */
  #spans: Span[] = [];
  /** How many bytes of the first span are decided, its newline included. */
  #decided = 0;
  values = 0;

  constructor(fingerprints: Fingerprints) {
    this.#redactor = new Redactor(fingerprints);
  }

  add(text: Buffer, span: Span): void {
    if (text.length > 0) this.#batch.push(text);
    if (span.endsLine) this.#batch.push(LINE_END);
    this.#spans.push(span);
  }

  /** Looks into what was added; the texts are not needed any more. */
  flush(): void {
    if (this.#batch.length === 0) return;
    this.#settle(this.#redactor.push(Buffer.concat(this.#batch)));
    this.#batch = [];
  }

  end(): readonly Replaced[] {
    this.flush();
    this.#settle(this.#redactor.end());
    return this.#replaced;
  }

  #settle(pieces: readonly Piece[]): void {
    let used = 0;
    for (const piece of pieces) {
      let left = piece.bytes.length;
      let by = piece.kind === "value" ? `[${piece.name}]` : "";
      if (piece.kind === "value") this.values += 1;
      while (left > 0) {
        const span = this.#spans[used];
        if (span === undefined) break;
        const { offset, length, endsLine } = span;
        const taken = Math.min(left, length + Number(endsLine) - this.#decided);
        const inText = Math.min(taken, Math.max(0, length - this.#decided));
        if (piece.kind === "value" && inText > 0) {
          this.#replaced.push({ offset: offset + this.#decided, bytes: inText, by });
          by = "";
        }
        left -= taken;
        this.#decided += taken;
        if (this.#decided >= length + Number(endsLine)) {
          used += 1;
          this.#decided = 0;
        }
      }
    }
    this.#spans = this.#spans.slice(used);
  }
}
