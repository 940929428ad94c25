import { lstat, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { readSession } from "../../test/kit/records.mjs";

/**
 * A record as text: its files with mode and size, then `session.json`.
 *
 * @param {string} record Its directory.
 */
export async function showRecord(record) {
  const entries = await readdir(record, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const lines = await Promise.all(
    files.sort().map(async (path) => {
      const { mode, size } = await lstat(path);
      return `  0${(mode & 0o7777).toString(8)} ${String(size).padStart(7)}  ${relative(record, path)}`;
    }),
  );
  const session = JSON.stringify(await readSession(record), undefined, 2);
  return `${record}\n${lines.join("\n")}\n\nagentd/session.json: ${session}`;
}
