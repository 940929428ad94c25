/**
 * The index of open records: one small file each, so that recovery costs what is open and not what exists.
 */
import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { ensureDirectory, syncDirectory, writeNewFile } from "./durable-files.ts";
import { SESSION_ID } from "./session-id.ts";

export interface OpenEntry {
  readonly id: string;
  readonly profile: string;
  /** The record's directory, which a crash may have kept from being made. */
  readonly directory: string;
}

export interface OpenIndex {
  /** Oldest first. */
  readonly entries: readonly OpenEntry[];
  /** Ids of entries that a crash cut short while they were written; their records were never made. */
  readonly damaged: readonly string[];
}

/** Adds an entry, durably, before its record is made. False when the id is taken; no entry is left when it throws. */
export async function addOpenRecord(openDirectory: string, entry: OpenEntry): Promise<boolean> {
  await ensureDirectory(openDirectory, 0o700);
  const content = JSON.stringify({ profile: entry.profile, record: entry.directory });
  try {
    await writeNewFile(join(openDirectory, entry.id), `${content}\n`);
    await syncDirectory(openDirectory);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    await removeOpenRecord(openDirectory, entry.id);
    throw error;
  }
}

/** Removes an entry; one that is not there is fine. Not fsynced: a sealed record's entry may come back and go again. */
export async function removeOpenRecord(openDirectory: string, id: string): Promise<void> {
  try {
    await unlink(join(openDirectory, id));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

/** Reads the index; a directory that does not exist yet is an empty one. */
export async function listOpenRecords(openDirectory: string): Promise<OpenIndex> {
  const entries: OpenEntry[] = [];
  const damaged: string[] = [];
  for (const id of await sessionIdsIn(openDirectory)) {
    const entry = parseEntry(id, await readFile(join(openDirectory, id), "utf8"));
    if (entry === undefined) damaged.push(id);
    else entries.push(entry);
  }
  return { entries, damaged };
}

async function sessionIdsIn(openDirectory: string): Promise<string[]> {
  try {
    const names = await readdir(openDirectory);
    return names.filter((name) => SESSION_ID.test(name)).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function parseEntry(id: string, content: string): OpenEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    // The caller counts it as damaged.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("profile" in value) || typeof value.profile !== "string") return undefined;
  if (!("record" in value) || typeof value.record !== "string") return undefined;
  return { id, profile: value.profile, directory: value.record };
}
