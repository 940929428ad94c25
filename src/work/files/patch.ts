/** Writes the difference between a commit and an index as a patch that `git apply` takes. */
import { createReadStream, createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { OwnGit } from "../git/own-git.ts";

export interface Differences {
  readonly filesChanged: number;
  /** Lines; none in files that git takes for binary. */
  readonly insertions: number;
  readonly deletions: number;
  readonly patchBytes: number;
}

export const NO_DIFFERENCES: Differences = { filesChanged: 0, insertions: 0, deletions: 0, patchBytes: 0 };

export interface PatchRequest {
  /** Repository of agentd's own, with the index. */
  readonly checked: string;
  readonly commit: string;
  /** Directory of agentd's own. */
  readonly scratch: string;
  /** The new file. */
  readonly output: string;
  /** The most that the patch may have. */
  readonly bytes: number;
  readonly git: OwnGit;
}

const COMPARE = ["diff-index", "--cached", "--no-ext-diff", "--no-textconv", "--no-color", "-M", "-l200"];
const FORM = ["--numstat", "-p", "--binary", "--full-index"];
const CHUNK_BYTES = 65_536;

/** Resolves with what is in the patch. @throws what `OwnGit.run` throws; the patch may be there in part then. */
export async function writePatch(request: PatchRequest): Promise<Differences> {
  const { checked, commit, scratch, output, bytes, git } = request;
  const all = join(scratch, "patch-with-numbers");
  await git.run([...COMPARE, ...FORM, commit], { repository: checked, outputFile: all, fileBytes: bytes });
  const { differences, end } = await readNumbers(all);
  const patch = createWriteStream(output, { flags: "wx", mode: 0o600 });
  await pipeline(createReadStream(all, { start: end }), patch);
  await rm(all);
  return { ...differences, patchBytes: patch.bytesWritten };
}

/** Reads the lines before the first empty one: added, deleted and path, of each file. */
async function readNumbers(
  path: string,
): Promise<{ differences: Omit<Differences, "patchBytes">; end: number }> {
  const file = await open(path);
  try {
    let [filesChanged, insertions, deletions, end] = [0, 0, 0, 0];
    let rest = "";
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: CHUNK_BYTES })) {
      const lines = (rest + (chunk as Buffer).toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        end += line.length + 1;
        if (line === "") return { differences: { filesChanged, insertions, deletions }, end };
        const [added = "", deleted = ""] = line.split("\t");
        filesChanged += 1;
        insertions += countOf(added);
        deletions += countOf(deleted);
      }
    }
    return { differences: { filesChanged, insertions, deletions }, end };
  } finally {
    await file.close();
  }
}

/** A binary file has `-`. */
function countOf(number: string): number {
  return number === "-" ? 0 : Number(number);
}
