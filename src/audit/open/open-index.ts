/**
 * The index of open records: one small file each, so that recovery costs only as much as there are open records.
 *
 * An entry holds all that is needed to go on with a session: the record's place, the document as accepted, the request
 * and the plan. When its record is sealed it moves to `recent/`, whose names alone say which requests were answered.
 */
import { mkdir, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { ensureDirectory, syncDirectory, writeNewFile } from "../../durable-files.ts";
import { systemCode } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import { requestKey } from "../../request-key.ts";
import { sessionDocumentSchema } from "../../session-document.ts";
import { SESSION_ID } from "../format/session-id.ts";

const ENTRY_SCHEMA_VERSION = 1;

/** How many sealed sessions are remembered by their requests. */
export const REMEMBERED_SEALED = 1000;

/** `recent/` may hold this many more before the oldest are removed. */
const PRUNE_EVERY = 100;

const entrySchema = z.object({
  schema_version: z.literal(ENTRY_SCHEMA_VERSION),
  /** Directory of the record, which a crash may have kept from being made. */
  record: z.string(),
  request_id: z.string(),
  document: sessionDocumentSchema,
  plan: z.unknown(),
});

const versionSchema = z.object({ schema_version: z.int() });

/** The index's entry for one open record. */
export interface OpenEntry {
  readonly id: string;
  /** The record's directory. */
  readonly directory: string;
  readonly requestId: string;
  /** As it was accepted. */
  readonly document: z.infer<typeof sessionDocumentSchema>;
  /** What the session was accepted with, as JSON; its owner knows its form. */
  readonly plan: unknown;
}

export interface OpenIndexContents {
  /** Oldest first. */
  readonly entries: readonly OpenEntry[];
  /** Ids of broken entries: a crash cut them short, and then their records were never made. */
  readonly damaged: readonly string[];
  /** Ids of entries that a later version of agentd wrote. */
  readonly newer: readonly string[];
}

export class OpenIndex {
  readonly #open: string;
  readonly #recent: string;
  #retired = 0;

  /** @param stateDirectory holds `open/` and `recent/`, made when they are needed. */
  constructor(stateDirectory: string) {
    this.#open = join(stateDirectory, "open");
    this.#recent = join(stateDirectory, "recent");
  }

  /** Adds an entry, durably, before its record is made. False when the id is taken; no entry is left when it throws. */
  async add({ id, directory, requestId, document, plan }: OpenEntry): Promise<boolean> {
    const content = { schema_version: ENTRY_SCHEMA_VERSION, record: directory, request_id: requestId };
    await ensureDirectory(this.#open, 0o700);
    try {
      await writeNewFile(join(this.#open, id), `${JSON.stringify({ ...content, document, plan })}\n`);
      await syncDirectory(this.#open);
      return true;
    } catch (error) {
      if (systemCode(error) === "EEXIST") return false;
      await this.remove(id);
      throw error;
    }
  }

  /** Removes the entry of a record that was not made; a missing one is fine. */
  async remove(id: string): Promise<void> {
    await ifThere(unlink(join(this.#open, id)));
  }

  /**
   * Moves the entry of a sealed record to the recent ones; one that is not there is fine. Not fsynced: it may come back
   * and go again.
   */
  async retire(id: string, requestId: string): Promise<void> {
    await mkdir(this.#recent, { recursive: true, mode: 0o700 });
    await ifThere(rename(join(this.#open, id), join(this.#recent, `${id}.${requestKey(requestId)}`)));
    this.#retired += 1;
    if (this.#retired % PRUNE_EVERY === 0) await this.recent();
  }

  /** Reads the index; a directory that does not exist yet is an empty index. */
  async list(): Promise<OpenIndexContents> {
    const ids = ((await ifThere(readdir(this.#open))) ?? []).filter((name) => SESSION_ID.test(name)).sort();
    const read = await Promise.all(
      ids.map(async (id) => ({ id, found: parseEntry(id, await readFile(join(this.#open, id), "utf8")) })),
    );
    return {
      entries: read.flatMap(({ found }) => (typeof found === "object" ? [found] : [])),
      damaged: read.flatMap(({ id, found }) => (found === "damaged" ? [id] : [])),
      newer: read.flatMap(({ id, found }) => (found === "newer" ? [id] : [])),
    };
  }

  /** Session ids of the newest sealed sessions by their `requestKey`, oldest first; forgets the older ones. */
  async recent(): Promise<ReadonlyMap<string, string>> {
    const names = ((await ifThere(readdir(this.#recent))) ?? [])
      .filter((name) => SESSION_ID.test(name.slice(0, 16)))
      .sort();
    const old = names.slice(0, -REMEMBERED_SEALED);
    await Promise.all(old.map((name) => ifThere(unlink(join(this.#recent, name)))));
    return new Map(names.slice(-REMEMBERED_SEALED).map((name) => [name.slice(17), name.slice(0, 16)]));
  }
}

function parseEntry(id: string, content: string): OpenEntry | "damaged" | "newer" {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    // The caller counts it as damaged.
    return "damaged";
  }
  const version = versionSchema.safeParse(value);
  if (version.success && version.data.schema_version > ENTRY_SCHEMA_VERSION) return "newer";
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) return "damaged";
  const { record: directory, request_id: requestId, document, plan } = parsed.data;
  return { id, directory, requestId, document, plan };
}
