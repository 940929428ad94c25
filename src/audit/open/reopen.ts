/**
 * Continuing a record that an earlier daemon left open.
 */
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import type { SessionDocument } from "../../session-document.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { type JournalEntry, openJournal, readJournal } from "../format/journal.ts";
import { recordPaths } from "../format/record-layout.ts";
import { type DocumentProblem, readDocument } from "../read/query.ts";
import { removeReplacedTree } from "../seal/swap-tree.ts";
import type { OpenEntry } from "./open-index.ts";
import { OpenRecord, type RecordSettings } from "./open-record.ts";
import { restoreDocument } from "./restore-document.ts";

/** The state of an entry of the open index. */
export type Reopened =
  | { readonly kind: "open"; readonly record: OpenRecord; readonly journal: readonly JournalEntry[] }
  /** Its entry is retired. */
  | { readonly kind: "sealed" }
  /** A crash came before the record was complete, and no client got its id; it is removed. */
  | { readonly kind: "unmade" }
  /** Left as it is. */
  | { readonly kind: "unusable"; readonly why: string };

/** Opens the record of an entry. A damaged document is rebuilt from the entry and the journal. */
export async function reopenRecord(settings: RecordSettings, entry: OpenEntry): Promise<Reopened> {
  try {
    return await reopen(settings, entry);
  } catch (error) {
    return { kind: "unusable", why: sentence(error) };
  }
}

async function reopen(settings: RecordSettings, entry: OpenEntry): Promise<Reopened> {
  const paths = recordPaths(entry.directory);
  const found = await lookAtDocument(entry.directory);
  if (found === "missing" && !(await hasBegun(paths.journal))) {
    // Made before the record: where it is missing, all records are, as on a disk that is not mounted.
    await access(dirname(entry.directory));
    await removeTree(entry.directory);
    await settings.index.remove(entry.id);
    return { kind: "unmade" };
  }
  if (typeof found === "object" && found.outcome !== null) {
    await removeReplacedTree(entry.directory);
    const { id, plan } = entry;
    const retire = (): Promise<void> => settings.index.retire(id, entry.requestId);
    const record = { id, directory: entry.directory, document: found, plan };
    await (settings.observer === undefined ? retire() : settings.observer.sealed(record, retire));
    return { kind: "sealed" };
  }
  const journal = await openJournal({ path: paths.journal, now: settings.now });
  const { entries } = await readJournal(paths.journal);
  if (entries.length === 0) return { kind: "unusable", why: `the journal ${paths.journal} is empty` };
  const { directory, requestId, plan } = entry;
  const document = restoreDocument(entry.document, entries);
  const record = new OpenRecord(settings, { directory, document, requestId, plan, journal });
  settings.observer?.opened(record, entries);
  if (typeof found !== "object") await rewrite(record, found);
  return { kind: "open", record, journal: entries };
}

/** @throws what prevents finding out whether the record is sealed. */
async function lookAtDocument(directory: string): Promise<SessionDocument | "missing" | "damaged"> {
  try {
    return await readDocument(directory);
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error;
    const problem = error.details?.["problem"] as DocumentProblem | undefined;
    if (problem !== "missing" && problem !== "damaged") throw error;
    // A file that cannot be read, for want of a permission or a working disk, is not damaged.
    if (problem === "damaged" && systemCode(error.cause) !== undefined) throw error;
    return problem;
  }
}

/** Whether a journal shows more than the acceptance, which is written before `session.json`. */
async function hasBegun(path: string): Promise<boolean> {
  try {
    return (await readJournal(path)).entries.length > 1;
  } catch (error) {
    if (error instanceof AgentdError && systemCode(error.cause) === "ENOENT") return false;
    throw error;
  }
}

/** On a full disk the document stays damaged until its next change: what counts is in the journal. */
async function rewrite(record: OpenRecord, problem: "missing" | "damaged"): Promise<void> {
  await record.update({}).catch(() => undefined);
  await record.journal(record.state, "document_rebuilt", { was: problem }).catch(() => undefined);
}
