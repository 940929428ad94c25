/**
 * One digest for a methodology directory, so that a record says which one the agent was given.
 */
import { closeSync, lstatSync, readlinkSync } from "node:fs";
import { AgentdError, sentence } from "../../errors.ts";
import { openRegularFileSync } from "../../regular-file.ts";
import { type BytePath, bytePath, fsPath, joinBytes, listNames, shownPath } from "../../trees/byte-path.ts";
import { checksumLine } from "../format/checksums.ts";
import { ContentReader } from "../format/file-content.ts";
import { sha256 } from "../format/statement.ts";

/**
 * SHA-256, in hex, of what `sha256sum` prints for all files of a directory, in the order of their paths; a symbolic link
 * counts as a file that holds its target.
 *
 * @throws AgentdError `methodology_invalid` when something in it cannot be read.
 */
export async function methodologyDigest(directory: string): Promise<string> {
  const root = bytePath(directory);
  const sums = new Map<BytePath, string>();
  const reader = new ContentReader();
  for (const path of pathsBelow(root)) {
    const place = joinBytes(root, path);
    try {
      const sum = await contentDigest(place, reader);
      if (sum !== undefined) sums.set(path, sum);
    } catch (cause) {
      throw new AgentdError("methodology_invalid", {
        tried: `use the methodology ${directory}`,
        why: `${shownPath(path)} in it cannot be read: ${sentence(cause)}`,
        next: "Make every file in it readable by the daemon's user.",
        details: { directory },
        cause,
      });
    }
  }
  const lines = [...sums].sort(([one], [other]) => (one < other ? -1 : 1));
  const text = lines.map(([path, sum]) => checksumLine(path, sum)).join("");
  return sha256(Buffer.from(text, "latin1"));
}

/** Everything below a directory, the directories themselves too. */
function* pathsBelow(root: BytePath): Generator<BytePath> {
  const open = listNames(root);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    yield path;
    const place = joinBytes(root, path);
    if (!lstatSync(fsPath(place)).isDirectory()) continue;
    for (const name of listNames(place)) open.push(joinBytes(path, name));
  }
}

/** Undefined for an entry without content: directories, FIFOs, sockets, devices. */
async function contentDigest(place: BytePath, reader: ContentReader): Promise<string | undefined> {
  const listed = lstatSync(fsPath(place));
  if (listed.isSymbolicLink()) return sha256(readlinkSync(fsPath(place), { encoding: "buffer" }));
  if (!listed.isFile()) return undefined;
  const fd = openRegularFileSync(fsPath(place));
  try {
    return await reader.hash(fd);
  } finally {
    closeSync(fd);
  }
}
