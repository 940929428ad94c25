/** The files in which a git repository keeps its objects. */
import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../errors.ts";

/** A pack comes with its index, which is written last. A fetch's temporary files are no part of it. */
const PACK = /^pack\/pack-[0-9a-f]+$/;
const LOOSE = /^[0-9a-f]{2}\/[0-9a-f]{38,62}$/;

/** A repository's objects, by their paths below `objects`; those of one pack have one path, without an extension. */
export async function listObjects(gitDirectory: string): Promise<ReadonlySet<string>> {
  const paths = await readdir(join(gitDirectory, "objects"), { recursive: true });
  const packs = paths.filter((path) => path.endsWith(".idx")).map((path) => path.slice(0, -".idx".length));
  return new Set([...packs.filter((path) => PACK.test(path)), ...paths.filter((path) => LOOSE.test(path))]);
}

/**
 * Copies objects to another repository, which then has them to itself: a link could be written through.
 *
 * @throws Error with code `ENOENT` when one of them is gone, which a repack does; RepositoryDamaged
 * when a pack is not what its index says: its end is missing, for one.
 */
export async function copyObjects(paths: Iterable<string>, from: string, to: string): Promise<void> {
  await Promise.all(
    Array.from(paths, async (path) => {
      const [source, target] = [join(from, "objects", path), join(to, "objects", path)];
      if (PACK.test(path)) await copyPack(source, target);
      else await copyLoose(source, target);
    }),
  );
}

/** A repository of ours differs from what git left. */
export class RepositoryDamaged extends Error {
  override readonly name = "RepositoryDamaged";
}

async function copyPack(source: string, target: string): Promise<void> {
  if (!(await matchesIndex(source))) throw new RepositoryDamaged(`${source}.pack does not match its index`);
  await copy(`${source}.pack`, `${target}.pack`);
  await copy(`${source}.idx`, `${target}.idx`);
}

async function copyLoose(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await copy(source, target);
}

/** Shares the blocks where the file system can. An existing file has the same content: its name is the digest. */
async function copy(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL).catch(
    (error: unknown) => {
      if (systemCode(error) !== "EEXIST") throw error;
    },
  );
}

/** Compares as git does when it opens a pack: by the checksum at the end of the pack, which the index ends with, too. */
async function matchesIndex(pack: string): Promise<boolean> {
  const length = /-[0-9a-f]{64}$/.test(pack) ? 32 : 20;
  const [ofPack, ofIndex] = await Promise.all([
    readAtEnd(`${pack}.pack`, length, length),
    readAtEnd(`${pack}.idx`, 2 * length, length),
  ]);
  return ofPack.equals(ofIndex);
}

/** Bytes of a file, from a place counted from its end; fewer when there are fewer. */
async function readAtEnd(path: string, fromEnd: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(length),
      0,
      length,
      Math.max(0, size - fromEnd),
    );
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
