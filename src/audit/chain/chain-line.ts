/**
 * The lines of `chain.jsonl`: one for each statement of an instance, in their order.
 */
import type { EnvelopeJson } from "../format/dsse.ts";
import type { GoneStatement } from "../format/statement.ts";

/** The statement of a session is in its record. */
export interface SessionLine extends GoneStatement {
  readonly kind: "session";
  /** The id of the key that signed. */
  readonly key: string;
  readonly session_id: string;
  readonly profile: string;
}

/** A rotation of the key: the statement is in the line. */
export interface KeyLine extends GoneStatement {
  readonly kind: "key";
  readonly key: string;
  /** The id of the key that signs from here on. */
  readonly next_key: string;
  readonly envelope: EnvelopeJson;
}

/** A pruning: the statement is in the line. */
export interface PruneLine extends GoneStatement {
  readonly kind: "prune";
  readonly key: string;
  readonly envelope: EnvelopeJson;
}

/** Something that happened to a record after its seal: the statement is in the line, and has the note. */
export interface NoteLine extends GoneStatement {
  readonly kind: "note";
  readonly key: string;
  readonly session_id: string;
  readonly profile: string;
  readonly envelope: EnvelopeJson;
}

export type ChainLine = SessionLine | KeyLine | PruneLine | NoteLine;

const DIGEST = /^[0-9a-f]{64}$/;

/** A line without its newline; undefined when it is not a line of a chain. */
export function parseChainLine(text: string): ChainLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The caller reports which line it is.
    return undefined;
  }
  return isChainLine(value) && formatChainLine(value) === `${text}\n` ? value : undefined;
}

/** The only form of a line, with its newline. */
export function formatChainLine(line: ChainLine): string {
  const { sequence, kind, statement, previous, key } = line;
  return `${JSON.stringify({ sequence, kind, statement, previous, key, ...ownFields(line) })}\n`;
}

/** The key that signs after this line. */
export function keyAfter(line: ChainLine): string {
  return line.kind === "key" ? line.next_key : line.key;
}

function ownFields(line: ChainLine): object {
  switch (line.kind) {
    case "session":
      return { session_id: line.session_id, profile: line.profile };
    case "key":
      return { next_key: line.next_key, envelope: line.envelope };
    case "prune":
      return { envelope: line.envelope };
    case "note":
      return { session_id: line.session_id, profile: line.profile, envelope: line.envelope };
  }
}

function isChainLine(value: unknown): value is ChainLine {
  if (typeof value !== "object" || value === null) return false;
  const line = value as Partial<Record<string, unknown>>;
  const isDigest = (digest: unknown): boolean => typeof digest === "string" && DIGEST.test(digest);
  if (!Number.isSafeInteger(line["sequence"]) || !isDigest(line["statement"]) || !isDigest(line["key"]))
    return false;
  if (line["previous"] !== null && !isDigest(line["previous"])) return false;
  const isOfSession = typeof line["session_id"] === "string" && typeof line["profile"] === "string";
  if (line["kind"] === "session") return isOfSession;
  if (line["kind"] === "note") return isOfSession && typeof line["envelope"] === "object";
  if (line["kind"] === "key") return isDigest(line["next_key"]) && typeof line["envelope"] === "object";
  return line["kind"] === "prune" && typeof line["envelope"] === "object";
}
