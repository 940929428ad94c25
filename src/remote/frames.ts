/**
 * What two agentds say to each other over the standard streams of a command that one has started on the other's host:
 * frames of a length (4 bytes), a kind (1 byte) and content. `docs/remote.md` tells what for.
 */
import { AgentdError } from "../errors.ts";

/** From the operator's side. */
export type NearKind =
  /** The first one: a `Head` as JSON. */
  | "head"
  /** Ctrl-C. */
  | "interrupt"
  /** Bytes of standard input; none: its end. */
  | "stdin"
  /** Bytes of the file that was asked for; none: its end. */
  | "file"
  /** Why there is no such file: a `FileFault` as JSON. */
  | "fault"
  /** Nobody reads standard output any more. */
  | "closed";

/** From the host. */
export type FarKind =
  /** The first one: a `Hello` as JSON. */
  | "hello"
  /** Output, see `Printed`. */
  | "stdout"
  | "stderr"
  /** What was found out for the command, to be told again to the next one that takes it up. */
  | "found"
  /** Asks for standard input. */
  | "read"
  /** Asks for the file of this name. */
  | "open"
  /** The exit code, as text: the last one. */
  | "exit";

type Kind = NearKind | FarKind;

export interface Frame {
  readonly kind: Kind;
  readonly content: Buffer;
}

/** A command to run, and for whom. */
export interface Head {
  /** Of the operator's agentd. */
  readonly version: string;
  /** What follows the program's name. */
  readonly words: readonly string[];
  /** Of the session that it may start: the same for every try. */
  readonly request_id: string;
  /** Variables that say how to print. */
  readonly env: Readonly<Record<string, string>>;
  /** Width of the terminal that an output is; null: it is none. */
  readonly columns: Readonly<Record<"stdout" | "stderr", number | null>>;
  /** What an earlier try has come to; null: this is the first. */
  readonly resumed: Resumed | null;
}

/** How far a command came whose connection was cut. */
export interface Resumed {
  /** Bytes of a session's streams that were printed. */
  readonly printed: Readonly<Record<"stdout" | "stderr", number>>;
  /** In the order in which it was found out. */
  readonly found: readonly string[];
  /** How often the operator has pressed Ctrl-C. */
  readonly interrupts: number;
}

export interface Hello {
  readonly version: string;
}

export interface FileFault {
  /** Of the system, such as `ENOENT`; null: none. */
  readonly code: string | null;
  readonly message: string;
}

/** Output: what to print, and how much of a session's stream is printed with it. */
export interface Printed {
  readonly stream: "stdout" | "stderr";
  readonly bytes: number;
  readonly text: Buffer;
}

/** Printed before the first frame: what a login prints before it is none of agentd's. */
export const BEGINNING = "\nagentd-frames-1\n";

const KINDS: readonly Kind[] = [
  ...(["head", "interrupt", "stdin", "file", "fault", "closed"] as const),
  ...(["hello", "stdout", "stderr", "found", "read", "open", "exit"] as const),
];

const HEADER_BYTES = 5;
/** Larger ones are none of agentd's. */
const MOST_BYTES = 64 * 1024 * 1024;

/** How much of a file one frame has at most. */
export const PIECE_BYTES = 256 * 1024;

/** The frame as it is sent. */
export function frameOf(kind: Kind, content: Buffer | string = ""): Buffer {
  const body = Buffer.from(content as Buffer);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(body.length);
  header.writeUInt8(KINDS.indexOf(kind), 4);
  return Buffer.concat([header, body]);
}

/** Cuts frames from a stream. */
export class FrameReader {
  #data = Buffer.alloc(0);

  /**
   * Takes the next bytes; returns the frames that are complete.
   *
   * @throws AgentdError `protocol_error`.
   */
  push(bytes: Buffer): Frame[] {
    this.#data = Buffer.concat([this.#data, bytes]);
    const frames: Frame[] = [];
    while (this.#data.length >= HEADER_BYTES) {
      const length = this.#data.readUInt32BE();
      const kind = KINDS[this.#data.readUInt8(4)];
      if (kind === undefined || length > MOST_BYTES) throw notAFrame();
      if (this.#data.length < HEADER_BYTES + length) break;
      frames.push({ kind, content: this.#data.subarray(HEADER_BYTES, HEADER_BYTES + length) });
      this.#data = this.#data.subarray(HEADER_BYTES + length);
    }
    return frames;
  }
}

const COUNT_BYTES = 6;

/** The content of a frame of output. */
export function printedContent({ stream, bytes, text }: Printed): Buffer {
  const header = Buffer.alloc(COUNT_BYTES);
  header.writeUIntBE(bytes, 0, 5);
  header.writeUInt8(stream === "stdout" ? 0 : 1, 5);
  return Buffer.concat([header, text]);
}

/** @throws AgentdError `protocol_error`. */
export function readPrinted(content: Buffer): Printed {
  if (content.length < COUNT_BYTES) throw notAFrame();
  return {
    bytes: content.readUIntBE(0, 5),
    stream: content.readUInt8(5) === 0 ? "stdout" : "stderr",
    text: content.subarray(COUNT_BYTES),
  };
}

function notAFrame(): AgentdError {
  return new AgentdError("protocol_error", {
    tried: "understand the other side",
    why: "what it sent is no frame",
  });
}
