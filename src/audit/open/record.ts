/** Making records. */
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { allEnded } from "../../all-ended.ts";
import { commitFile, ensureDirectory, stageFile, syncDirectory } from "../../durable-files.ts";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import type { SessionDocument } from "../../session-document.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { createJournal, type Journal } from "../format/journal.ts";
import { formatDocument, recordPaths } from "../format/record-layout.ts";
import { newSessionId, type RandomBytes } from "../format/session-id.ts";
import { OpenRecord, type RecordSettings } from "./open-record.ts";
import { type PlacedInput, placeInput } from "./place-input.ts";

/** More collisions in a row than chance explains. */
const ID_ATTEMPTS = 20;

export interface CreateRecordOptions extends RecordSettings {
  readonly document: Omit<SessionDocument, "session_id">;
  /** The request that is answered with this record. */
  readonly requestId: string;
  /** What else the next daemon needs to continue the session, as JSON. */
  readonly plan: unknown;
  /** What the operator gives to the session. Default: nothing. */
  readonly input?: PlacedInput | undefined;
  readonly randomBytes: RandomBytes;
  /** The id that the session has already; default: a new one. */
  readonly sessionId?: string | undefined;
}

/**
 * Makes a record and its entry in the open index. When it resolves, both outlive a power cut.
 *
 * @throws AgentdError `record_unusable`; nothing is left behind then.
 */
export async function createRecord(options: CreateRecordOptions): Promise<OpenRecord> {
  const profileDirectory = join(options.auditRoot, options.document.profile);
  try {
    await ensureDirectory(profileDirectory, options.isPrivate ? 0o700 : 0o755);
    const directory = await claimDirectory(options, profileDirectory);
    return await fillRecord(options, directory);
  } catch (cause) {
    throw new AgentdError("record_unusable", {
      tried: `create a record in ${profileDirectory}`,
      why: sentence(cause),
      next: "Check that this user can write to the directory and that the disk is not full.",
      cause,
    });
  }
}

/** Finds an id that is free, and makes the record's directory after its entry in the index. */
async function claimDirectory(options: CreateRecordOptions, profileDirectory: string): Promise<string> {
  const { index, now, randomBytes, requestId, plan, failpoints, sessionId } = options;
  for (let attempt = 0; attempt < ID_ATTEMPTS; attempt += 1) {
    const id = sessionId ?? newSessionId(now(), randomBytes);
    const directory = join(profileDirectory, id);
    const document = documentOf(options, id);
    if (!(await index.add({ id, directory, requestId, document, plan }))) continue;
    try {
      await failpoints.reach("index_entry_written");
      await mkdir(directory, 0o700);
      return directory;
    } catch (error) {
      await index.remove(id);
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
  throw new Error(`${ID_ATTEMPTS} session ids in a row were taken`);
}

/** Fills a new record; `session.json` comes last, so that a record with it is complete. */
async function fillRecord(options: CreateRecordOptions, directory: string): Promise<OpenRecord> {
  const paths = recordPaths(directory);
  const document = documentOf(options, basename(directory));
  try {
    await options.failpoints.reach("record_directory_made");
    await allEnded([mkdir(paths.runa, 0o700), mkdir(paths.agentd, 0o700)]);
    if (options.input !== undefined) await placeInput(paths, options.input);
    await options.failpoints.reach("input_placed");
    const [journal] = await allEnded([
      startJournal(paths.journal, options),
      stageFile(paths.session, formatDocument(document)),
    ]);
    await Promise.all([
      commitFile(paths.session),
      syncDirectory(directory),
      syncDirectory(dirname(directory)),
    ]);
    const { requestId, plan } = options;
    const record = new OpenRecord(options, { directory, document, requestId, plan, journal });
    // Not before: what is cut short is no record, and has not been accepted.
    if (journal.last !== undefined) options.observer?.opened(record, [journal.last]);
    return record;
  } catch (error) {
    await removeTree(directory);
    await options.index.remove(document.session_id);
    throw error;
  }
}

function documentOf({ document }: CreateRecordOptions, id: string): SessionDocument {
  const { schema_version, ...accepted } = document;
  return { schema_version, session_id: id, ...accepted };
}

async function startJournal(path: string, { now, daemon }: CreateRecordOptions): Promise<Journal> {
  const journal = await createJournal({ path, now });
  await journal.append("queued", "accepted", { ...daemon });
  return journal;
}
