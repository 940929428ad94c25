/** Reading a record's data about its session. */
import * as z from "zod";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import { readRegularFile } from "../../regular-file.ts";
import {
  SESSION_SCHEMA_VERSION,
  type SessionDocument,
  sessionDocumentSchema,
  type SessionState,
} from "../../session-document.ts";
import { readJournal } from "../format/journal.ts";
import { recordPaths } from "../format/record-layout.ts";

/** Where a record is. */
export interface RecordPlace {
  readonly id: string;
  readonly profile: string;
  readonly directory: string;
}

/** Why a document cannot be read; `details.problem` of the error. */
export type DocumentProblem = "missing" | "damaged" | "newer";

/** How much of `session.json` a list reads. A seal lists what it leaves out in a quarter of it. */
export const LISTED_DOCUMENT_BYTES = 1024 * 1024;
/** How much is read of a single one: older versions listed everything that a seal left out. */
export const SINGLE_DOCUMENT_BYTES = 16 * LISTED_DOCUMENT_BYTES;
/** As much as a string can hold, for a command with no other work. */
export const ANY_DOCUMENT_BYTES = 512 * LISTED_DOCUMENT_BYTES;

const VERIFY = "Check the record with `agentd audit verify`.";

/**
 * Reads and checks `session.json` of a record.
 *
 * @param limitBytes a larger one is not read. Default `SINGLE_DOCUMENT_BYTES`.
 * @throws AgentdError `record_unusable`, with a `DocumentProblem` as `details.problem`.
 */
export async function readDocument(
  directory: string,
  limitBytes = SINGLE_DOCUMENT_BYTES,
): Promise<SessionDocument> {
  const path = recordPaths(directory).session;
  const value = await readJson(path, limitBytes);
  const version = schemaVersion(value);
  if (version !== undefined && version > SESSION_SCHEMA_VERSION) {
    const why = `its schema_version is ${version}, and this agentd knows ${SESSION_SCHEMA_VERSION}`;
    throw unusable(
      path,
      "newer",
      why,
      "Read it with the version of agentd that wrote it, or a later version.",
    );
  }
  const parsed = sessionDocumentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unusable(path, "damaged", z.prettifyError(parsed.error).replaceAll("\n", " "), VERIFY, parsed.error);
}

/** The state that a record's journal shows last. */
export async function readLastState(directory: string): Promise<SessionState> {
  const { entries } = await readJournal(recordPaths(directory).journal);
  return entries.at(-1)?.state ?? "queued";
}

async function readJson(path: string, limitBytes: number): Promise<unknown> {
  let content: string;
  try {
    content = (await readRegularFile(path, limitBytes)).toString("utf8");
  } catch (error) {
    const problem = systemCode(error) === "ENOENT" ? "missing" : "damaged";
    throw unusable(path, problem, sentence(error), VERIFY, error);
  }
  if (content === "") throw unusable(path, "damaged", "it is empty", VERIFY);
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    throw unusable(path, "damaged", "it is not JSON", VERIFY, error);
  }
}

function schemaVersion(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !("schema_version" in value)) return undefined;
  return typeof value.schema_version === "number" ? value.schema_version : undefined;
}

function unusable(
  path: string,
  problem: DocumentProblem,
  why: string,
  next: string,
  cause?: unknown,
): AgentdError {
  return new AgentdError("record_unusable", {
    tried: `read ${path}`,
    why,
    next,
    details: { problem },
    cause,
  });
}
