/** The console log of a session as a file: one that does not exist at first, that grows, and that may be made anew. */
import { open, stat, type FileHandle } from "node:fs/promises";
import { systemCode } from "../errors.ts";
import {
  ConsoleLogDecoder,
  type ConsoleSegment,
  type ConsoleStream,
  type LogSelection,
} from "./console-log.ts";
import { findTail } from "./console-log-tail.ts";

const CHUNK_BYTES = 1024 * 1024;

export interface ReadOptions {
  /** What is read of it; undefined: everything, byte for byte. */
  readonly selection?: LogSelection | undefined;
  /** Only so many of the lines that are there at the beginning; undefined: all. */
  readonly tail?: number | undefined;
}

/** Reads what is new in the file, decoded. */
export class ConsoleLogFile {
  readonly #path: string;
  readonly #options: ReadOptions;
  readonly #stream: ConsoleStream | undefined;
  readonly #decoder: ConsoleLogDecoder;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #handle: FileHandle | undefined;
  #position = 0;

  constructor(path: string, { selection, tail }: ReadOptions) {
    this.#path = path;
    this.#tail = tail;
  }
}
