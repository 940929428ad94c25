import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { git } from "../../kit/repositories.mjs";
import { withOneSession } from "../one-session.mjs";

export const name = "huge-blob";

export const expectation =
  "a blob that unpacks to a thousand times its size ends the session when it has more than its profile allows, and the next session runs";

/** All the same letter: packed, it is a few hundred kilobytes. */
const BLOB_BYTES = 256 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** @returns {Promise<string[]>} */
export async function run() {
  const setting = {
    script: "sleep 1000",
    profile: () => ({ disk: "100m" }),
    prepare: commitBomb,
  };
  return await withOneSession(setting, async (victim) => {
    /** @type {string[]} */
    const wrong = [];
    for (const turn of ["first", "second"]) {
      const { outcome, peak_disk_bytes: peak } = await victim.ended(await victim.start());
      if (outcome !== "disk_limit_exceeded")
        wrong.push(`the ${turn} session ended as ${outcome} with ${peak} bytes`);
    }
    const { exitCode } = await victim.sandbox.run(["status"]);
    if (exitCode !== 0) wrong.push(`the daemon does not answer any more: status exited ${exitCode}`);
    return wrong;
  });
}

/** @param {string} repository A bare one. */
async function commitBomb(repository) {
  const file = join(repository, "..", "bomb");
  const stream = createWriteStream(file);
  for (let at = 0; at < BLOB_BYTES; at += PIECE_BYTES) stream.write(Buffer.alloc(PIECE_BYTES, "a"));
  await new Promise((resolve) => stream.end(() => resolve(undefined)));
  const blob = await git(repository, ["hash-object", "-w", file]);
  await rm(file);
  const tree = await git(repository, ["ls-tree", "HEAD"]);
  const made = await makeTree(repository, `${tree}\n100644 blob ${blob}\tbomb\n`);
  const commit = await git(repository, ["commit-tree", "-p", "HEAD", "-m", "bomb", made]);
  await git(repository, ["update-ref", "HEAD", commit]);
}

/** @param {string} repository @param {string} lines As `git ls-tree` prints them. */
async function makeTree(repository, lines) {
  const { stdout } = await execa("git", ["mktree"], { cwd: repository, input: lines });
  return stdout;
}
