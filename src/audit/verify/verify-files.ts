/**
 * The files of a record against its sums: what `sha256sum -c` says, and what was added. Both come in the order of the
 * paths and are read side by side, so neither has to be held in memory.
 */
import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import { systemCode } from "../../errors.ts";
import type { SessionDocument } from "../../session-document.ts";
import { type BytePath, shownPath } from "../../trees/byte-path.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import { type Checksum, readChecksums } from "../format/checksums.ts";
import { ContentReader } from "../format/file-content.ts";
import { journalFault } from "../format/journal.ts";
import { ATTESTATION, CHECKSUMS, JOURNAL_PATH, recordPaths, RUNA } from "../format/record-layout.ts";
import type { RecordProblem } from "./verification.ts";
import { NOTE_FILES } from "./verify-notes.ts";
import { type Found, walkRecord } from "./walk-record.ts";

/** The seal itself, which the sums do not cover. */
const SEAL_FILES: readonly string[] = [CHECKSUMS, ATTESTATION];

export interface ComparedFiles {
  /** What is wrong between the sums and the existing files, in the order of the paths. */
  readonly problems: readonly RecordProblem[];
  /** How many files the sums name. */
  readonly files: number;
  /** SHA-256 of `SHA256SUMS`, in hex. */
  readonly checksumsDigest: string;
}

/**
 * Compares the files of a record with its sums.
 *
 * @param checksums `SHA256SUMS`, open at its beginning.
 * @param document undefined when it cannot be read: then it is unknown which files the seal left out.
 * @param part name of the directory in the record that alone is compared; default: the whole record.
 */
export async function compareFiles(
  directory: string,
  checksums: number,
  document: SessionDocument | undefined,
  part?: string,
): Promise<ComparedFiles> {
  const comparison = new Comparison(directory, document, part);
  const hash = createHash("sha256");
  const sums = inOrder(readChecksums(checksums, hash), (line) => comparison.badLine(line));
  using record = TreeEntry.root(directory);
  const nextSum = (): Sum | undefined => {
    let next = sums.next().value;
    while (next !== undefined && !comparison.isInPart(next.path)) next = sums.next().value;
    return next;
  };
  let sum = nextSum();
  for (const found of walkRecord(record, (path) => comparison.isLeftOut(path))) {
    for (; sum !== undefined && sum.path < found.path; sum = nextSum()) comparison.missing(sum);
    if (sum === undefined || sum.path !== found.path || found.kind === "empty") comparison.unlisted(found);
    else {
      await comparison.check(sum, found);
      sum = nextSum();
    }
  }
  for (; sum !== undefined; sum = nextSum()) comparison.missing(sum);
  return { ...comparison.result(), checksumsDigest: hash.digest("hex") };
}

type Sum = Extract<Checksum, { readonly sum: string }>;

/** The lines that say something, each with a later path than the one before. */
function* inOrder(lines: Iterable<Checksum>, onBadLine: (line: number) => void): Generator<Sum, undefined> {
  let last: string = "";
  for (const line of lines) {
    if (line.path === undefined || line.path <= last) {
      onBadLine(line.line);
      continue;
    }
    last = line.path;
    yield line;
  }
}

class Comparison {
  readonly #directory: string;
  readonly #document: SessionDocument | undefined;
  readonly #part: string | undefined;
  /** Paths as they are shown. */
  readonly #leftOut: ReadonlySet<string>;
  readonly #reader = new ContentReader();
  readonly #badLines: RecordProblem[] = [];
  readonly #problems: RecordProblem[] = [];
  #files = 0;

  constructor(directory: string, document: SessionDocument | undefined, part: string | undefined) {
    this.#directory = directory;
    this.#document = document;
    this.#part = part;
    // Only older records hold what their seal left out, and empty directories.
    this.#leftOut = new Set(this.#isOlder ? document?.excluded.map(({ path }) => path) : []);
  }

  isInPart(path: BytePath): boolean {
    return this.#part === undefined || path === this.#part || path.startsWith(`${this.#part}/`);
  }

  isLeftOut(path: BytePath): boolean {
    if (!this.isInPart(path) || NOTE_FILES.includes(path)) return true;
    return this.#leftOut.size > 0 && this.#leftOut.has(shownPath(path));
  }

  badLine(line: number): void {
    this.#badLines.push({ path: CHECKSUMS, problem: `line ${line} is not valid` });
  }

  missing({ path }: Sum): void {
    this.#files += 1;
    this.#problem(path, "missing");
  }

  unlisted({ path, ...found }: Found): void {
    if (found.kind === "unreadable") {
      this.#problem(path, `cannot be read: ${found.why}`);
      return;
    }
    if (this.#document === undefined || SEAL_FILES.includes(path)) return;
    if (found.kind === "empty" && (this.#isOlder || path === RUNA)) return;
    this.#problem(path, "added");
  }

  async check({ path, sum }: Sum, found: Exclude<Found, { kind: "empty" }>): Promise<void> {
    this.#files += 1;
    const problem =
      found.kind === "unreadable"
        ? `cannot be read: ${found.why}`
        : await this.#checkFile(path, sum, found.entry);
    if (problem !== undefined) this.#problem(path, problem);
  }

  result(): Omit<ComparedFiles, "checksumsDigest"> {
    return { problems: [...this.#badLines, ...this.#problems], files: this.#files };
  }

  get #isOlder(): boolean {
    return this.#document?.excluded_count === null;
  }

  async #checkFile(path: BytePath, sum: string, entry: TreeEntry): Promise<string | undefined> {
    if (!entry.stats.isFile()) return "not a regular file";
    try {
      const file = entry.openContent();
      try {
        if ((await this.#reader.hash(file)) === sum) return undefined;
      } finally {
        closeSync(file);
      }
    } catch (error) {
      return `cannot be read: ${systemCode(error) ?? String(error)}`;
    }
    const fault =
      path === JOURNAL_PATH ? await journalFault(recordPaths(this.#directory).journal) : undefined;
    return fault === undefined ? "altered" : `altered: ${fault}`;
  }

  #problem(path: BytePath, problem: string): void {
    this.#problems.push({ path: shownPath(path), problem });
  }
}
