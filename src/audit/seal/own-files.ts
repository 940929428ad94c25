/** agentd's own files of a record, which no container can write. */
import { chmodSync, fchmodSync, lstatSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { stagedPath } from "../../durable-files.ts";
import { openRegularFileSync } from "../../regular-file.ts";
import { type BytePath, bytePath, joinBytes, latin1Path } from "../../trees/byte-path.ts";
import { ContentReader } from "../format/file-content.ts";
import { AGENTD, type RecordPaths } from "../format/record-layout.ts";
import type { Modes } from "./copied-directory.ts";
import { Flusher } from "./flusher.ts";

/**
 * Makes them read-only and durable, but for `session.json`, whose last content is still to come. The directories in
 * agentd's part, which hold what the operator gave to the session, get the mode of a directory.
 *
 * @returns their sums by their paths from the record's root.
 */
export async function freezeOwnFiles(paths: RecordPaths, modes: Modes): Promise<Map<BytePath, string>> {
  const open = [paths.session, stagedPath(paths.session)].map((path) => basename(path));
  const sums = new Map<BytePath, string>();
  const reader = new ContentReader();
  using flusher = new Flusher();
  const freeze = async (directory: string, prefix: BytePath, names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const place = join(directory, name);
      const path = joinBytes(prefix, latin1Path(Buffer.from(name)));
      if (lstatSync(place).isDirectory()) {
        await freeze(place, path, readdirSync(place));
        chmodSync(place, modes.directory);
        continue;
      }
      const file = openRegularFileSync(place);
      try {
        fchmodSync(file, modes.file);
        sums.set(path, await reader.hash(file));
      } finally {
        flusher.add(file);
      }
    }
  };
  const names = readdirSync(paths.agentd).filter((name) => !open.includes(name));
  await freeze(paths.agentd, bytePath(AGENTD), names);
  flusher.flush();
  return sums;
}
