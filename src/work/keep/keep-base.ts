/**
 * Keeps what a clone was, before any container sees it: its objects, refs and index.
 *
 * Whatever the session does to its repository, and the mirror to its packs, this stays. No file of it is a name of an
 * inode that a container has: the clone's own files are the session's from its delivery on.
 */
import { constants, cpSync, existsSync } from "node:fs";
import { copyFile, link, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, sentence } from "../../errors.ts";
import { isThere } from "../../if-there.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { listObjects } from "../../workspace/object-files.ts";
import { KEPT_MARK, readBase } from "../base/base.ts";
import { makeOwnRepository } from "../git/own-repository.ts";

export interface KeepBaseOptions {
  /** The finished clone, which no container has seen yet. */
  readonly cloneDirectory: string;
  /** Where to keep it: on the same file system, never mounted. What an earlier attempt has left there is removed. */
  readonly baseDirectory: string;
  /** A bare repository whose packs nobody writes to, and no container sees; those that the clone has, too, are linked. */
  readonly mirrorDirectory?: string | undefined;
}

const REFS = ["HEAD", "packed-refs", "refs", "shallow"];

/**
 * Makes the `base.git` of a session, a bare repository. To be called after the clone and before its delivery.
 *
 * @throws AgentdError `clone_failed`: a session whose work could not come out is not started.
 */
export async function keepBase(options: KeepBaseOptions): Promise<void> {
  try {
    await keep(options);
  } catch (cause) {
    throw new AgentdError("clone_failed", {
      tried: "keep the cloned commit, from which the session's work is told at its end",
      why: sentence(cause),
      next: "Check that the disk of the cache directory is not full and that its files belong to this user.",
      cause,
    });
  }
}

async function keep({ cloneDirectory, baseDirectory, mirrorDirectory }: KeepBaseOptions): Promise<void> {
  const gitDirectory = join(cloneDirectory, ".git");
  await removeTree(baseDirectory);
  makeOwnRepository(baseDirectory, "sha1", []);
  await keepObjects(gitDirectory, baseDirectory, mirrorDirectory);
  for (const name of REFS) {
    const source = join(gitDirectory, name);
    // A clone has few files here: its refs are packed.
    if (existsSync(source))
      cpSync(source, join(baseDirectory, name), { recursive: true, force: true, verbatimSymlinks: true });
  }
  await copy(join(gitDirectory, "index"), join(baseDirectory, "index"));
  const { format } = readBase(baseDirectory);
  if (format === "sha256") {
    const made = `${baseDirectory}.sha256`;
    makeOwnRepository(made, "sha256", []);
    await copyFile(join(made, "config"), join(baseDirectory, "config"));
    await removeTree(made);
  }
  await writeFile(join(baseDirectory, KEPT_MARK), "");
}

async function keepObjects(from: string, to: string, mirror: string | undefined): Promise<void> {
  const keep = async (file: string): Promise<void> => {
    const target = join(to, "objects", file);
    if (mirror !== undefined && (await linkTo(join(mirror, "objects", file), target))) return;
    await copy(join(from, "objects", file), target);
  };
  await Promise.all(
    Array.from(await listObjects(from), async (path) => {
      if (path.startsWith("pack/")) {
        await keep(`${path}.pack`);
        await keep(`${path}.idx`);
      } else {
        await mkdir(join(to, "objects", path.slice(0, 2)), { recursive: true });
        await keep(path);
      }
    }),
  );
}

/** Whether it could: the mirror may not have it, or be on another file system, and links to one file are limited. */
async function linkTo(source: string, target: string): Promise<boolean> {
  return await link(source, target).then(
    () => true,
    async () => await isThere(target),
  );
}

/** Shares the blocks where the file system can. */
async function copy(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE);
}
