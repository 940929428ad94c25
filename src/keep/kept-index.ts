/**
 * The list of kept sessions: one small file each, `kept/` in the state directory. While there is one, no daemon removes what the
 * session has.
 */
import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { commitFile, ensureDirectory, stageFile, syncDirectory } from "../durable-files.ts";
import { sentence } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import { type KeptEntry, keptEntrySchema } from "./kept-entry.ts";

const SESSION_ID = /^[0-9a-f]{16}$/;

/** A file of the list that this version cannot read. */
export interface UnreadableEntry {
  readonly sessionId: string;
  readonly why: string;
}

export interface KeptList {
  /** Oldest first. */
  readonly entries: readonly KeptEntry[];
  readonly unreadable: readonly UnreadableEntry[];
}

export class KeptIndex {
  readonly #directory: string;

  /** @param stateDirectory holds `kept/`, made when it is needed. */
  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, "kept");
  }

  /** Writes an entry durably, in the place of an earlier one. */
  async write(entry: KeptEntry): Promise<void> {
    await ensureDirectory(this.#directory, 0o700);
    const path = join(this.#directory, entry.session_id);
    await stageFile(path, `${JSON.stringify(entry)}\n`);
    await commitFile(path);
  }

  /** Removes an entry durably; a missing one is fine. */
  async remove(sessionId: string): Promise<void> {
    if ((await ifThere(unlink(join(this.#directory, sessionId)).then(() => true))) === undefined) return;
    await syncDirectory(this.#directory);
  }

  /** Reads the list; a directory that does not exist yet is an empty one. */
  async list(): Promise<KeptList> {
    const names = (await ifThere(readdir(this.#directory))) ?? [];
    const entries: KeptEntry[] = [];
    const unreadable: UnreadableEntry[] = [];
    for (const sessionId of names.filter((name) => SESSION_ID.test(name)).sort()) {
      try {
        const text = await readFile(join(this.#directory, sessionId), "utf8");
        entries.push(keptEntrySchema.parse(JSON.parse(text)));
      } catch (error) {
        unreadable.push({ sessionId, why: sentence(error) });
      }
    }
    return { entries, unreadable };
  }
}
