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
  /** Whether it is the time of a line, and nothing that was printed. */
  readonly isTime?: true;
}

export type ConsoleStream = "stdout" | "stderr";

/** Which part of a log to print, and how. */
export interface LogSelection {
  /** Undefined: both. */
  readonly stream?: ConsoleStream | undefined;
  /** Only what was printed from this instant on, in milliseconds since 1970; undefined: everything. */
  readonly sinceMs?: number | undefined;
  /** Whether each line begins with the time at which it was printed. Default false. */
  readonly timestamps?: boolean | undefined;
}

/** What one line of the file says before the text. */
export interface LogHeader {
  readonly time: string;
  readonly stream: ConsoleStream;
  /** Whether the command's line goes on in a later line of the file. */
  readonly goesOn: boolean;
  readonly length: number;
}

const NEWLINE = 0x0a;
const HEADER = /^(\S+) (stdout|stderr) ([FP]) /;
/** Longer than the header of any line. */
export const HEADER_BYTES = 64;

/** The header of the line that begins at `start`; undefined for a line of another form. */
export function readHeader(data: Buffer, start: number, end: number): LogHeader | undefined {
  const header = HEADER.exec(data.toString("latin1", start, Math.min(start + HEADER_BYTES, end)));
  if (header === null) return undefined;
  const [{ length }, time = "", stream, ending] = header;
  return { time, stream: stream as ConsoleStream, goesOn: ending === "P", length };
}

/** Decodes a console log that arrives in chunks, cut anywhere. */
export class ConsoleLogDecoder {
  readonly #selection: LogSelection;
  /** For each stream, whether the command is in the middle of a line, and whether that line is wanted. */
  readonly #lines = { stdout: { isOpen: false, isWanted: true }, stderr: { isOpen: false, isWanted: true } };
  #rest = Buffer.alloc(0);

  /** @param selection default: everything, byte for byte. */
  constructor(selection: LogSelection = {}) {
    this.#selection = selection;
  }

  /**
   * What the complete lines up to here say. The segments are copies; the chunk may be reused.
   *
   * A line of another form is printed unchanged on stdout, so no line is lost.
   */
  decode(chunk: Buffer): ConsoleSegment[] {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const segments = new SegmentWriter(data.length);
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      this.#addLine(segments, data, start, end + 1);
      start = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(start));
    return segments.finish();
  }

  /** What a last line without a newline says, as a conmon that was killed leaves it. */
  end(): ConsoleSegment[] {
    const segments = new SegmentWriter(this.#rest.length);
    if (this.#rest.length > 0) this.#addLine(segments, this.#rest, 0, this.#rest.length);
    this.#rest = Buffer.alloc(0);
    return segments.finish();
  }

  /** @param end just after the line's newline, or the end of the data where it has none. */
  #addLine(segments: SegmentWriter, data: Buffer, start: number, end: number): void {
    const header = readHeader(data, start, end);
    if (header === undefined) {
      if (this.#selection.stream !== "stderr") segments.add("stdout", data, start, end);
      return;
    }
    const { time, stream, goesOn, length } = header;
    const line = this.#lines[stream];
    const begins = !line.isOpen;
    if (begins) line.isWanted = this.#isWanted(header);
    line.isOpen = goesOn;
    if (!line.isWanted) return;
    // The time is where the header was, so there is room for it.
    if (begins && this.#selection.timestamps === true) {
      segments.addTime(stream, data, start, start + time.length + 1);
    }
    const endsOpen = goesOn && data[end - 1] === NEWLINE;
    segments.add(stream, data, start + length, endsOpen ? end - 1 : end);
  }

  #isWanted({ time, stream }: LogHeader): boolean {
    const { stream: only, sinceMs } = this.#selection;
    if (only !== undefined && stream !== only) return false;
    // A line with an unreadable time is still printed.
    return sinceMs === undefined || !(Date.parse(time) < sinceMs);
  }
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

  addTime(stream: ConsoleStream, data: Buffer, start: number, end: number): void {
    this.#cut();
    this.add(stream, data, start, end);
    this.#cut({ isTime: true });
  }

  finish(): ConsoleSegment[] {
    this.#cut();
    return this.#segments;
  }

  #cut(kind: Pick<ConsoleSegment, "isTime"> = {}): void {
    if (this.#start === this.#end) return;
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    this.#segments.push({ stream: this.#stream, bytes, ...kind });
    this.#start = this.#end;
  }
}
