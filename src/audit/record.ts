/**
 * Making records, and finding the open ones again after a restart.
 */
import { mkdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AgentdError, sentence, systemCode } from "../errors.ts";
import type { SessionDocument } from "../session-document.ts";
import { commitFile, ensureDirectory, stageFile, syncDirectory } from "./durable-files.ts";
import { createJournal, openJournal, type Journal } from "./journal.ts";
import { addOpenRecord, removeOpenRecord } from "./open-index.ts";
import { OpenRecord, type RecordSettings } from "./open-record.ts";
import { readDocument } from "./query.ts";
import { formatDocument, recordPaths } from "./record-layout.ts";
import { newSessionId, type RandomBytes } from "./session-id.ts";

/** More collisions in a row than chance explains. */
const ID_ATTEMPTS = 20;

export interface CreateRecordOptions extends RecordSettings {
  readonly document: Omit<SessionDocument, "session_id">;
  readonly randomBytes: RandomBytes;
}

/**
 * Makes a record and its line in the open index. When it resolves, both outlive a power cut.
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
      next: "See that the directory can be written by this user and the disk is not full.",
      cause,
    });
  }
}

/**
 * Goes on with the record of an earlier daemon; undefined when it turns out to be sealed, and it leaves the open index
 * then.
 *
 * @throws AgentdError `record_unusable` when its document or journal cannot be read.
 */
export async function openExistingRecord(
  settings: RecordSettings,
  directory: string,
): Promise<OpenRecord | undefined> {
  const document = await readDocument(directory);
  if (document.outcome !== null) {
    await removeOpenRecord(settings.openDirectory, document.session_id);
    return undefined;
  }
  const journal = await openJournal({ path: recordPaths(directory).journal, now: settings.now });
  return new OpenRecord(settings, directory, document, journal);
}

/** Finds an id that is free, and makes the record's directory after its entry in the index. */
async function claimDirectory(options: CreateRecordOptions, profileDirectory: string): Promise<string> {
  const { openDirectory, document, now, randomBytes } = options;
  for (let attempt = 0; attempt < ID_ATTEMPTS; attempt += 1) {
    const id = newSessionId(now(), randomBytes);
    const directory = join(profileDirectory, id);
    if (!(await addOpenRecord(openDirectory, { id, profile: document.profile, directory }))) continue;
    try {
      await mkdir(directory, 0o700);
      return directory;
    } catch (error) {
      await removeOpenRecord(openDirectory, id);
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
  throw new Error(`${ID_ATTEMPTS} session ids in a row were taken`);
}

/** Fills a new record; `session.json` comes last, so that where it is the rest is too. */
async function fillRecord(options: CreateRecordOptions, directory: string): Promise<OpenRecord> {
  const paths = recordPaths(directory);
  const { schema_version, ...accepted } = options.document;
  const document = { schema_version, session_id: basename(directory), ...accepted };
  try {
    await Promise.all([mkdir(paths.runa, 0o700), mkdir(paths.agentd, 0o700)]);
    const [journal] = await Promise.all([
      startJournal(paths.journal, options.now),
      stageFile(paths.session, formatDocument(document)),
    ]);
    await Promise.all([
      commitFile(paths.session),
      syncDirectory(directory),
      syncDirectory(dirname(directory)),
    ]);
    return new OpenRecord(options, directory, document, journal);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    await removeOpenRecord(options.openDirectory, document.session_id);
    throw error;
  }
}

async function startJournal(path: string, now: () => number): Promise<Journal> {
  const journal = await createJournal({ path, now });
  await journal.append("queued");
  return journal;
}
