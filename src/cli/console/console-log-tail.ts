/** Finds the last lines of a console log without reading the rest. */
import type { FileHandle } from "node:fs/promises";
import { type ConsoleStream, HEADER_BYTES, readHeader } from "../../podman/console-log.ts";

const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;

/**
 * Where the last lines of a log begin, in bytes. A line in parts with lines of the other stream between them may be
 * without its beginning.
 *
 * @param stream counts only the lines of this one; undefined: of both.
 */
export async function findTail(
  file: FileHandle,
  lines: number,
  stream: ConsoleStream | undefined,
): Promise<number> {
  const counter = new LineCounter(lines, stream);
  for await (const line of linesBackwards(file)) {
    if (!counter.takes(line.beginning)) return line.end;
  }
  return 0;
}

/** Counts the command's lines, from the last one, by the lines of the file. */
class LineCounter {
  readonly #stream: ConsoleStream | undefined;
  readonly #seen = { stdout: false, stderr: false };
  #left: number;

  constructor(lines: number, stream: ConsoleStream | undefined) {
    this.#left = lines;
    this.#stream = stream;
  }

  /** Whether a line of the file belongs to the lines that are wanted, or stands between them. */
  takes(beginning: Buffer): boolean {
    const { stream, goesOn } = readHeader(beginning, 0, beginning.length) ?? {
      stream: "stdout" as const,
      goesOn: false,
    };
    if (this.#stream !== undefined && stream !== this.#stream) return true;
    // A part that goes on belongs to the line that was counted before, unless nothing has followed yet.
    const isEnd = !goesOn || !this.#seen[stream];
    this.#seen[stream] = true;
    if (!isEnd) return true;
    this.#left -= 1;
    return this.#left >= 0;
  }
}

interface FileLine {
  /** As much of it as its header can take. */
  readonly beginning: Buffer;
  /** Just after the line's newline, in bytes from the start of the file. */
  readonly end: number;
}

async function* linesBackwards(file: FileHandle): AsyncGenerator<FileLine> {
  const { size } = await file.stat();
  const chunk = Buffer.alloc(CHUNK_BYTES);
  /** What is known of the line whose beginning has not been reached. */
  let line: FileLine = { beginning: Buffer.alloc(0), end: size };
  for (let chunkEnd = size; chunkEnd > 0;) {
    const chunkStart = Math.max(0, chunkEnd - CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, chunkEnd - chunkStart, chunkStart);
    const data = chunk.subarray(0, bytesRead);
    let end = bytesRead;
    // The newline at the very end of the file ends the last line; none begins after it.
    let newline = data.lastIndexOf(NEWLINE, chunkEnd === size ? end - 2 : end - 1);
    for (; newline !== -1; newline = newline === 0 ? -1 : data.lastIndexOf(NEWLINE, newline - 1)) {
      yield { beginning: beginningOf(data.subarray(newline + 1, end), line.beginning), end: line.end };
      end = newline + 1;
      line = { beginning: Buffer.alloc(0), end: chunkStart + end };
    }
    line = { ...line, beginning: beginningOf(data.subarray(0, end), line.beginning) };
    chunkEnd = chunkStart;
  }
  if (size > 0) yield line;
}

/** The first bytes of two pieces together, as a copy. */
function beginningOf(first: Buffer, second: Buffer): Buffer {
  return Buffer.concat([first.subarray(0, HEADER_BYTES), second]).subarray(0, HEADER_BYTES);
}
