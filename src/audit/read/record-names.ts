/**
 * The ids of records, by the names in the directories of profiles. The newest of a hundred thousand are found without
 * opening a record, but reading so many names takes a tenth of a second.
 */
import { readdir, stat } from "node:fs/promises";
import { systemCode } from "../../errors.ts";
import { oneAtATime } from "../../one-at-a-time.ts";
import { SESSION_ID } from "../format/session-id.ts";

/** Returns the ids of the records in a profile's directory, oldest first; empty when it does not exist. */
export type RecordNames = (profileDirectory: string) => Promise<readonly string[]>;

/** A directory that changed this recently may change again without its modification time showing it. */
const SETTLED_MS = 1_000;

export const readRecordNames: RecordNames = async (profileDirectory) => {
  const names = await namesIn(profileDirectory);
  return names.filter((name) => SESSION_ID.test(name)).sort();
};

/**
 * Remembers the names of a directory for as long as it does not change. A directory is read by one at a time: many who
 * ask at once would hold as many copies of its names.
 *
 * @param now wall clock, in milliseconds since the epoch.
 */
export function rememberRecordNames(now: () => number): RecordNames {
  const directories = new Map<string, RecordNames>();
  return (profileDirectory) => {
    const names = directories.get(profileDirectory) ?? rememberOne(now);
    directories.set(profileDirectory, names);
    return names(profileDirectory);
  };
}

function rememberOne(now: () => number): RecordNames {
  const enqueue = oneAtATime();
  let remembered: { readonly names: readonly string[]; readonly modifiedNs: bigint } | undefined;
  return (profileDirectory) =>
    enqueue(async () => {
      const modifiedNs = await modificationTime(profileDirectory);
      if (modifiedNs === undefined) return [];
      if (remembered?.modifiedNs === modifiedNs) return remembered.names;
      const isSettled = now() - Number(modifiedNs / 1_000_000n) > SETTLED_MS;
      const names = await readRecordNames(profileDirectory);
      remembered = isSettled ? { names, modifiedNs } : undefined;
      return names;
    });
}

/** Names in a directory; empty when it does not exist or is not a directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function modificationTime(directory: string): Promise<bigint | undefined> {
  try {
    return (await stat(directory, { bigint: true })).mtimeNs;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "");
}
