import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../../src/errors.ts";
import type { SessionDocument } from "../../../src/session-document.ts";
import { readJournal, readSession } from "../records.mjs";

/** A record as a directory that anybody may read. */
export class RecordDirectory {
  readonly id: string;
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.id = path.slice(-16);
  }

  /** `session.json`. */
  document(): Promise<SessionDocument> {
    return readSession(this.path);
  }

  /** The states of the journal, each once, in their order. */
  async states(): Promise<unknown[]> {
    const states = (await readJournal(this.path)).map(({ state }) => state);
    return states.filter((state, index) => state !== states[index - 1]);
  }

  /** Its state: `sealed` once `session.json` has an outcome; undefined before that file is there. */
  async state(): Promise<unknown> {
    const document = await this.document().catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    });
    if (document === undefined) return undefined;
    const { outcome } = document;
    if (outcome !== null) return "sealed";
    // The journal's last line comes before the commit.
    return (await this.states()).filter((state) => state !== "sealed").at(-1);
  }

  /** Everything in it, as paths from its root. */
  async entries(): Promise<{ readonly path: string; readonly isFile: boolean }[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return entries.map((entry) => ({
      path: join(entry.parentPath, entry.name).slice(this.path.length + 1),
      isFile: entry.isFile(),
    }));
  }
}

/** The records below an audit root, oldest first. */
export async function recordsIn(auditRoot: string): Promise<RecordDirectory[]> {
  // Others are of containers that wait.
  const profiles = (await names(auditRoot)).filter((name) => !name.startsWith("."));
  const records = await Promise.all(
    profiles.map(async (profile) =>
      (await names(join(auditRoot, profile))).map((id) => new RecordDirectory(join(auditRoot, profile, id))),
    ),
  );
  return records.flat().sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The names in a directory; none when it does not exist. */
async function names(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
