/**
 * The files of a record against its sums: what `sha256sum -c` says, and what was added.
 */
import { closeSync, lstatSync } from "node:fs";
import { systemCode } from "../errors.ts";
import type { SessionDocument } from "../session-document.ts";
import { bytePath, fsPath, joinBytes, listNames, shownPath, type BytePath } from "../trees/byte-path.ts";
import type { Checksums } from "./checksums.ts";
import { journalFault } from "./journal.ts";
import { ATTESTATION, CHECKSUMS, JOURNAL_PATH, recordPaths } from "./record-layout.ts";
import { hashFile, openRegularFile } from "./regular-file.ts";
import type { RecordProblem } from "./verification.ts";

/** The seal itself, which the sums do not cover. */
const SEAL_FILES: readonly string[] = [CHECKSUMS, ATTESTATION];

/**
 * What is wrong between the sums and the files that are there, in the order of the paths.
 *
 * @param document undefined when it cannot be read: nobody knows then which files the seal left out.
 */
export async function compareFiles(
  directory: string,
  { sums, badLines }: Checksums,
  document: SessionDocument | undefined,
): Promise<RecordProblem[]> {
  const record = bytePath(directory);
  const { files, problems } = findFiles(record, new Set(document?.excluded.map(({ path }) => path)));
  for (const [path, sum] of sums) {
    const problem = files.has(path) ? await checkFile(directory, path, sum) : "missing";
    if (problem !== undefined) problems.set(path, problem);
  }
  for (const path of document === undefined ? [] : files) {
    if (!SEAL_FILES.includes(path) && !sums.has(path)) problems.set(path, "added");
  }
  return [
    ...badLines.map((line) => ({ path: CHECKSUMS, problem: `line ${line} is not valid` })),
    ...[...problems].sort(byPath).map(([path, problem]) => ({ path: shownPath(path), problem })),
  ];
}

function byPath([one]: [BytePath, string], [other]: [BytePath, string]): number {
  return one < other ? -1 : 1;
}

async function checkFile(directory: string, path: BytePath, sum: string): Promise<string | undefined> {
  const place = joinBytes(bytePath(directory), path);
  if (!lstatSync(fsPath(place)).isFile()) return "not a regular file";
  try {
    const fd = openRegularFile(place);
    try {
      if ((await hashFile(fd)) === sum) return undefined;
    } finally {
      closeSync(fd);
    }
    const fault = path === JOURNAL_PATH ? await journalFault(recordPaths(directory).journal) : undefined;
    return fault === undefined ? "altered" : `altered: ${fault}`;
  } catch (error) {
    return unreadableBecause(error);
  }
}

interface Found {
  /** Everything that is no directory, except what is excluded. */
  readonly files: Set<BytePath>;
  readonly problems: Map<BytePath, string>;
}

function findFiles(record: BytePath, excluded: ReadonlySet<string>): Found {
  const found: Found = { files: new Set(), problems: new Map() };
  const visit = (directory: BytePath, prefix: string): void => {
    for (const name of listNames(directory)) {
      const path = `${prefix}${name}` as BytePath;
      if (excluded.has(shownPath(path))) continue;
      const place = joinBytes(directory, name);
      if (lstatSync(fsPath(place)).isDirectory()) enter(place, path);
      else found.files.add(path);
    }
  };
  const enter = (place: BytePath, path: BytePath): void => {
    try {
      visit(place, `${path}/`);
    } catch (error) {
      found.problems.set(path, unreadableBecause(error));
    }
  };
  visit(record, "");
  return found;
}

function unreadableBecause(error: unknown): string {
  return `cannot be read: ${systemCode(error) ?? String(error)}`;
}
