/**
 * The console log as conmon writes it (its k8s-file format), decoded back into what the command printed.
 *
 * A line is `<RFC 3339 nanoseconds> stdout|stderr F|P <text>`: F ends with the newline that the command printed,
 * P does not, because the command printed none there or conmon's buffer was full.
 */

/** Bytes that the command printed to one of its streams, in order. */
export interface ConsoleSegment {
  readonly stream: ConsoleStream;
  readonly bytes: Buffer;
}

export type ConsoleStream = "stdout" | "stderr";

const NEWLINE = 0x0a;
const HEADER = /^\S+ (stdout|stderr) ([FP]) /;
/** More than the header of any line has. */
const HEADER_BYTES = 64;

/** Decodes a console log that arrives in chunks, cut anywhere. */
export class ConsoleLogDecoder {
  #rest = Buffer.alloc(0);

  /**
   * What the complete lines up to here say. The segments are copies; the chunk may be reused.
   *
   * A line of another form is passed on as it is, on stdout: better an odd line than a lost one.
   */
  decode(chunk: Buffer): ConsoleSegment[] {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const segments = new SegmentWriter(data.length);
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      addLine(segments, data, start, end + 1);
      start = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(start));
    return segments.finish();
  }

  /** What a last line without a newline says, as a conmon that was killed leaves it. */
  end(): ConsoleSegment[] {
    const segments = new SegmentWriter(this.#rest.length);
    if (this.#rest.length > 0) addLine(segments, this.#rest, 0, this.#rest.length);
    this.#rest = Buffer.alloc(0);
    return segments.finish();
  }
}

/** @param end just after the line's newline, or the end of the data where it has none. */
function addLine(segments: SegmentWriter, data: Buffer, start: number, end: number): void {
  const header = HEADER.exec(data.toString("latin1", start, Math.min(start + HEADER_BYTES, end)));
  if (header === null) {
    segments.add("stdout", data, start, end);
    return;
  }
  const endsOpen = header[2] === "P" && data[end - 1] === NEWLINE;
  segments.add(header[1] as ConsoleStream, data, start + header[0].length, endsOpen ? end - 1 : end);
}

/** Copies pieces into one buffer and hands out one segment for each run of the same stream. */
class SegmentWriter {
  readonly #buffer: Buffer;
  readonly #segments: ConsoleSegment[] = [];
  #stream: ConsoleStream = "stdout";
  #start = 0;
  #end = 0;

  /** @param capacity at least what all pieces have together. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  add(stream: ConsoleStream, data: Buffer, start: number, end: number): void {
    if (stream !== this.#stream) this.#cut();
    this.#stream = stream;
    this.#end += data.copy(this.#buffer, this.#end, start, end);
  }

  finish(): ConsoleSegment[] {
    this.#cut();
    return this.#segments;
  }

  #cut(): void {
    if (this.#start === this.#end) return;
    this.#segments.push({ stream: this.#stream, bytes: this.#buffer.subarray(this.#start, this.#end) });
    this.#start = this.#end;
  }
}
