/**
 * Proving a record, without a daemon: what `sha256sum -c` says, and what was added.
 */
import { closeSync, lstatSync, readFileSync } from "node:fs";
import { AgentdError, systemCode } from "../errors.ts";
import type { SessionDocument } from "../session-document.ts";
import { bytePath, fsPath, joinBytes, listNames, shownPath, type BytePath } from "./byte-path.ts";
import { parseChecksums, type Checksums } from "./checksums.ts";
import { readDocument } from "./query.ts";
import { CHECKSUMS, recordPaths, SESSION_PATH } from "./record-layout.ts";
import { hashFile, openRegularFile } from "./regular-file.ts";

export interface RecordProblem {
  /** Path from the record's root; control characters and bytes that are not UTF-8 are shown as `\xNN`. */
  readonly path: string;
  readonly problem: string;
}

export interface Verification {
  /** `incomplete` when the record is not sealed (yet); `altered` when it is not what was sealed. */
  readonly status: "verified" | "incomplete" | "altered";
  readonly problems: readonly RecordProblem[];
  /** How many files the seal covers. */
  readonly files: number;
}

/**
 * Verifies a record. Only reads, and follows nothing out of it.
 *
 * @throws AgentdError `record_unusable` when the record is not there, or its bytes are as they were sealed and this
 *   agentd still does not understand them.
 */
export async function verifyRecord(directory: string): Promise<Verification> {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) throw noRecord(directory);
  const document = await documentOrError(directory);
  const checksums = readChecksums(directory);
  const unreadable = document instanceof AgentdError;
  if (unreadable ? checksums === undefined : document.outcome === null) {
    return incomplete(unreadable ? document.message : "has no outcome");
  }
  if (checksums === undefined) return altered([{ path: CHECKSUMS, problem: "missing" }], 0);
  const problems = [
    ...checksums.badLines.map((line) => ({ path: CHECKSUMS, problem: `line ${line} is not valid` })),
    ...(await compare(bytePath(directory), checksums, unreadable ? undefined : document)),
  ];
  const files = checksums.sums.size;
  if (problems.length > 0) return altered(problems, files);
  if (unreadable) throw document;
  return { status: "verified", problems, files };
}

function incomplete(problem: string): Verification {
  return { status: "incomplete", problems: [{ path: SESSION_PATH, problem }], files: 0 };
}

function altered(problems: RecordProblem[], files: number): Verification {
  return { status: "altered", problems, files };
}

/**
 * What is wrong between the sums and the files that are there, in the order of the paths.
 *
 * @param document undefined when it cannot be read: nobody knows then which files the seal left out.
 */
async function compare(
  record: BytePath,
  { sums }: Checksums,
  document: SessionDocument | undefined,
): Promise<RecordProblem[]> {
  const { files, problems } = findFiles(record, new Set(document?.excluded.map(({ path }) => path)));
  for (const [path, sum] of sums) {
    const problem = files.has(path) ? await checkFile(joinBytes(record, path), sum) : "missing";
    if (problem !== undefined) problems.set(path, problem);
  }
  for (const path of document === undefined ? [] : files) {
    if (path !== CHECKSUMS && !sums.has(path)) problems.set(path, "added");
  }
  return [...problems].sort(byPath).map(([path, problem]) => ({ path: shownPath(path), problem }));
}

function byPath([one]: [BytePath, string], [other]: [BytePath, string]): number {
  return one < other ? -1 : 1;
}

async function checkFile(path: BytePath, sum: string): Promise<string | undefined> {
  if (!lstatSync(fsPath(path)).isFile()) return "not a regular file";
  try {
    const fd = openRegularFile(path);
    try {
      return (await hashFile(fd)) === sum ? undefined : "altered";
    } finally {
      closeSync(fd);
    }
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

async function documentOrError(directory: string): Promise<SessionDocument | AgentdError> {
  try {
    return await readDocument(directory);
  } catch (error) {
    if (error instanceof AgentdError) return error;
    throw error;
  }
}

function readChecksums(directory: string): Checksums | undefined {
  try {
    return parseChecksums(readFileSync(recordPaths(directory).checksums));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function unreadableBecause(error: unknown): string {
  return `cannot be read: ${systemCode(error) ?? String(error)}`;
}

function noRecord(directory: string): AgentdError {
  return new AgentdError("record_unusable", {
    tried: `verify ${directory}`,
    why: "there is no such directory",
    next: "See the records with agentd ps -a.",
  });
}
