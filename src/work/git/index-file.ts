/** Reads git's index (gitformat-index(5)), as agentd's own git has written it: which files there are, and their stat data. */
import { type BytePath, latin1Path } from "../../trees/byte-path.ts";

/** One file of an index. */
export interface IndexEntry {
  readonly path: BytePath;
  /** As git has it: 0o100644, 0o100755, 0o120000 for a link, 0o160000 for a submodule. */
  readonly mode: number;
  /** The id of the content, as bytes. */
  readonly id: Buffer;
  /** In milliseconds, exactly as `Stats` gives them. */
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  /** The lower 32 bits. */
  readonly inode: number;
  /** The lower 32 bits; 0 also where git did not want to say. */
  readonly size: number;
}

const HEADER_BYTES = 12;
const STAT_BYTES = 40;
const EXTENDED = 0x4000;

/**
 * The entries of an index, sorted by their paths.
 *
 * @param idBytes 20 or 32, as the repository's object format has it.
 * @throws Error when it is no index of version 2, 3 or 4.
 */
export function* readIndex(index: Buffer, idBytes: 20 | 32): Generator<IndexEntry> {
  const version = index.readUInt32BE(4);
  if (index.toString("latin1", 0, 4) !== "DIRC" || version < 2 || version > 4)
    throw new Error(`the index of the clone is of an unknown version (${version})`);
  let offset = HEADER_BYTES;
  let previous: Buffer = Buffer.alloc(0);
  for (let left = index.readUInt32BE(8); left > 0; left -= 1) {
    const start = offset;
    const number = (at: number): number => index.readUInt32BE(start + at);
    const time = (at: number): number => number(at) * 1000 + number(at + 4) / 1_000_000;
    offset += STAT_BYTES;
    const id = index.subarray(offset, (offset += idBytes));
    offset += index.readUInt16BE(offset) & EXTENDED ? 4 : 2;
    let kept = 0;
    if (version === 4) [kept, offset] = readOffset(index, offset);
    const end = index.indexOf(0, offset);
    const rest = index.subarray(offset, end);
    const path = version === 4 ? Buffer.concat([previous.subarray(0, previous.length - kept), rest]) : rest;
    previous = path;
    // In versions 2 and 3 an entry ends with 1 to 8 NULs, at a multiple of 8.
    offset = version === 4 ? end + 1 : start + Math.ceil((end + 1 - start) / 8) * 8;
    yield {
      path: latin1Path(path),
      mode: number(24),
      id,
      ctimeMs: time(0),
      mtimeMs: time(8),
      inode: number(20),
      size: number(36),
    };
  }
}

/** A number of any length, seven bits a byte, as in packs (`OFS_DELTA`); with the place behind it. */
function readOffset(index: Buffer, at: number): [value: number, next: number] {
  let byte = index.readUInt8(at++);
  let value = byte & 0x7f;
  while (byte & 0x80) {
    byte = index.readUInt8(at++);
    value = (value + 1) * 128 + (byte & 0x7f);
  }
  return [value, at];
}
