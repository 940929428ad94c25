/**
 * Reading the chain of an instance, and what is wrong with the order of its lines.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { systemCode } from "../../errors.ts";
import { type ChainLine, type NoteLine, parseChainLine, type SessionLine } from "./chain-line.ts";

export interface ChainProblem {
  /** Number of the line in `chain.jsonl`, from 1. */
  readonly line: number;
  readonly problem: string;
}

/** The lines of a session, in their order: more than one when earlier seals were cut short. */
export function linesOfSession(path: string, sessionId: string): SessionLine[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines
    .filter((line) => line.includes(sessionId))
    .map(parseChainLine)
    .filter((line) => line !== undefined)
    .filter((line) => line.kind === "session" && line.session_id === sessionId) as SessionLine[];
}

/** A chain as it was read last. It may grow meanwhile: `refresh` reads on. */
export class Chain {
  readonly #path: string;
  readonly #lines: ChainLine[] = [];
  readonly #sessions = new Map<string, SessionLine[]>();
  readonly #notes = new Map<string, NoteLine[]>();
  readonly #problems: ChainProblem[] = [];
  #readBytes = 0;
  #readLines = 0;

  constructor(path: string) {
    this.#path = path;
    this.refresh();
  }

  get path(): string {
    return this.#path;
  }

  /** The lines that could be read, in their order. */
  get lines(): readonly ChainLine[] {
    return this.#lines;
  }

  /** Where lines are missing, repeated, out of order or not lines of a chain. */
  get problems(): readonly ChainProblem[] {
    return this.#problems;
  }

  /** The digest of the newest statement; null while there is none. */
  get head(): string | null {
    return this.#lines.at(-1)?.statement ?? null;
  }

  /** The ids of all sessions that have a statement. */
  get sessionIds(): Iterable<string> {
    return this.#sessions.keys();
  }

  /** The statements of a session, in their order; the last one is the one of its record. */
  linesOf(sessionId: string): readonly SessionLine[] {
    return this.#sessions.get(sessionId) ?? [];
  }

  /** The notes about the record of a session, in their order. */
  notesOf(sessionId: string): readonly NoteLine[] {
    return this.#notes.get(sessionId) ?? [];
  }

  /** Reads new lines. A partial line is left for the next time. */
  refresh(): void {
    const added = readFrom(this.#path, this.#readBytes);
    const end = added.lastIndexOf("\n") + 1;
    this.#readBytes += end;
    const lines = added.toString("utf8", 0, end).split("\n").slice(0, -1);
    for (const text of lines) this.#add(text);
  }

  #add(text: string): void {
    this.#readLines += 1;
    const line = parseChainLine(text);
    const problem = line === undefined ? "is not a valid chain line" : misplaced(line, this.#lines.at(-1));
    if (problem !== undefined) this.#problems.push({ line: this.#readLines, problem });
    if (line === undefined) return;
    this.#lines.push(line);
    if (line.kind === "session") addTo(this.#sessions, line);
    else if (line.kind === "note") addTo(this.#notes, line);
  }
}

function addTo<Line extends SessionLine | NoteLine>(lines: Map<string, Line[]>, line: Line): void {
  const earlier = lines.get(line.session_id);
  if (earlier === undefined) lines.set(line.session_id, [line]);
  else earlier.push(line);
}

/** Why a line does not continue the one before it; undefined when it does. */
function misplaced(line: ChainLine, before: ChainLine | undefined): string | undefined {
  const expected = (before?.sequence ?? -1) + 1;
  if (line.sequence > expected) {
    const last = line.sequence - 1;
    return `statement ${last === expected ? expected : `${expected} to ${last}`} is missing before it`;
  }
  if (line.sequence < expected) return `statement ${line.sequence} is repeated or out of order`;
  if (line.previous !== (before?.statement ?? null)) return "does not follow the statement before it";
  return undefined;
}

/** The content of a file from a position on; empty where the file does not exist. */
function readFrom(path: string, position: number): Buffer {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
  try {
    const content = Buffer.alloc(Math.max(0, fstatSync(fd).size - position));
    return content.subarray(0, readSync(fd, content, 0, content.length, position));
  } finally {
    closeSync(fd);
  }
}
