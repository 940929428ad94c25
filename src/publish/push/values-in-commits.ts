/** Looks for the values of credentials in what is about to be pushed. */
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { OwnGit } from "../../work/git/own-git.ts";

/** The names of the credentials whose values some bytes have. */
export type FindValues = (content: AsyncIterable<Buffer>) => Promise<readonly string[]>;

export interface CommitsToSearch {
  /** The checked repository of the export. */
  readonly repository: string;
  /** Directory for a file that is removed again. */
  readonly scratch: string;
  readonly commit: string;
  /** Commits that the server has: what they reach is not new. */
  readonly known: readonly string[];
}

/** How much is unpacked at once. */
const BATCH_BYTES = 64 * 1024 * 1024;

/**
 * The names of the credentials whose values any new commit, file name or file has.
 *
 * @throws NotExported when a file is larger than git may write; what `OwnGit.run` throws.
 */
export async function valuesInCommits(
  git: OwnGit,
  { repository, scratch, commit, known }: CommitsToSearch,
  findValues: FindValues,
): Promise<string[]> {
  const tips = [commit, ...known.map((id) => `^${id}`)].map((line) => `${line}\n`).join("");
  const listed = await git.run(["rev-list", "--objects", "--no-object-names", "--stdin"], {
    repository,
    input: Buffer.from(tips),
  });
  const sizes = await git.run(["cat-file", "--batch-check=%(objectname) %(objectsize)"], {
    repository,
    input: listed,
  });
  const outputFile = join(scratch, "objects");
  const names = new Set<string>();
  try {
    for (const batch of batches(sizes.toString("latin1"))) {
      const input = Buffer.from(batch.join("\n") + "\n");
      await git.run(["cat-file", "--batch", "--buffer"], { repository, input, outputFile });
      for (const name of await findValues(createReadStream(outputFile))) names.add(name);
    }
  } finally {
    await rm(outputFile, { force: true });
  }
  return [...names];
}

/** Ids, as many at once as are unpacked to the size of a batch, or one. */
function* batches(sizes: string): Generator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const line of sizes.split("\n")) {
    const [id = "", size = "0"] = line.split(" ");
    if (id === "") continue;
    if (batch.length > 0 && bytes + Number(size) > BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(id);
    bytes += Number(size);
  }
  if (batch.length > 0) yield batch;
}
