/** Writes bundles (gitformat-bundle(5)) around a pack that is there already. */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { BytePath } from "../../trees/byte-path.ts";
import { NotExported, shownBytes } from "../bounds/limits.ts";
import type { ObjectFormat } from "../git/own-repository.ts";

export interface BundleRef {
  /** `HEAD` or a full name that `isRefName` accepts. */
  readonly name: BytePath;
  readonly id: string;
}

export interface BundleContent {
  readonly format: ObjectFormat;
  /** Ids of commits that whoever takes the bundle has to have. */
  readonly prerequisites: readonly string[];
  readonly refs: readonly BundleRef[];
  /** Path of the pack. */
  readonly pack: string;
  /** The most that the bundle may have. */
  readonly bytes: number;
}

/**
 * Writes a new file and resolves with its size.
 *
 * @throws NotExported when it would be too large.
 */
export async function writeBundle(path: string, content: BundleContent): Promise<number> {
  const { format, prerequisites, refs, pack, bytes } = content;
  const lines = [
    ...(format === "sha1" ? ["# v2 git bundle"] : ["# v3 git bundle", "@object-format=sha256"]),
    ...prerequisites.map((id) => `-${id} `),
    ...refs.map(({ id, name }) => `${id} ${name}`),
    "",
  ];
  const header = Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1");
  const size = header.length + (await stat(pack)).size;
  if (size > bytes) throw new NotExported(`they are larger than ${shownBytes(bytes)}`);
  const file = await open(path, "wx", 0o600);
  await file.write(header);
  await pipeline(createReadStream(pack), file.createWriteStream());
  return size;
}
