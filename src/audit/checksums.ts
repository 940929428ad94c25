/**
 * The format of `SHA256SUMS`, as `sha256sum` writes and checks it, escapes included.
 */
import { latin1Path, type BytePath } from "../trees/byte-path.ts";

const ESCAPED: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r" };
const UNESCAPED: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r" };

const LINE = /^(\\?)([0-9a-f]{64}) [ *](.+)$/;

/** The content of `SHA256SUMS`, sorted by the bytes of the paths. */
export function formatChecksums(sums: ReadonlyMap<BytePath, string>): Buffer {
  const lines = [...sums.keys()].sort().map((path) => checksumLine(path, sums.get(path) ?? ""));
  return Buffer.from(lines.join(""), "latin1");
}

/** What `SHA256SUMS` says: the sum of each path, and the numbers (from 1) of lines that say nothing. */
export interface Checksums {
  readonly sums: ReadonlyMap<BytePath, string>;
  readonly badLines: readonly number[];
}

/** Reads `SHA256SUMS`. A path that comes twice counts as a bad line. */
export function parseChecksums(content: Buffer): Checksums {
  const sums = new Map<BytePath, string>();
  const badLines: number[] = [];
  const lines = latin1Path(content).replace(/\n$/, "").split("\n");
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line);
    if (parsed === undefined || sums.has(parsed.path)) badLines.push(index + 1);
    else sums.set(parsed.path, parsed.sum);
  }
  return { sums, badLines };
}

function checksumLine(path: BytePath, sum: string): string {
  const escaped = path.replace(/[\\\n\r]/g, (character) => ESCAPED[character] ?? character);
  const marker = escaped === path ? "" : "\\";
  return `${marker}${sum}  ${escaped}\n`;
}

function parseLine(line: string): { path: BytePath; sum: string } | undefined {
  const [, marker, sum, written] = LINE.exec(line) ?? [];
  if (sum === undefined || written === undefined) return undefined;
  const path = marker === "" ? written : written.replace(/\\[\\nr]/g, (pair) => UNESCAPED[pair] ?? pair);
  return { path: path as BytePath, sum };
}
