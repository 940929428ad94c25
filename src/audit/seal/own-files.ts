/** agentd's own files of a record, which no container can write. */
import { fchmodSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { stagedPath } from "../../durable-files.ts";
import { Flusher } from "../../flusher.ts";
import { openRegularFileSync } from "../../regular-file.ts";
import { type BytePath, bytePath, joinBytes, latin1Path } from "../../trees/byte-path.ts";
import { ContentReader } from "../format/file-content.ts";
import { AGENTD, type RecordPaths } from "../format/record-layout.ts";

/**
 * Makes them read-only and durable, but for `session.json`, whose last content is still to come.
 *
 * @param mode of a file.
 * @returns their sums by their paths from the record's root.
 */
export async function freezeOwnFiles(paths: RecordPaths, mode: number): Promise<Map<BytePath, string>> {
  const open = [paths.session, stagedPath(paths.session)].map((path) => basename(path));
  const sums = new Map<BytePath, string>();
  const reader = new ContentReader();
  using flusher = new Flusher();
  for (const name of readdirSync(paths.agentd)) {
    if (open.includes(name)) continue;
    const file = openRegularFileSync(join(paths.agentd, name));
    try {
      fchmodSync(file, mode);
      sums.set(joinBytes(bytePath(AGENTD), latin1Path(Buffer.from(name))), await reader.hash(file));
    } finally {
      flusher.add(file);
    }
  }
  flusher.flush();
  return sums;
}
