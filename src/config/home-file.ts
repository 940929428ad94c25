/** What a profile puts into the homes of its sessions, as it is when a session starts. */
import { createHash } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, sentence } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import { HOME_FILE_BYTES } from "../profile/keys/home.ts";
import type { Profile } from "../profile/profile.ts";
import type { GitSource } from "../profile/rules/home-sources.ts";
import { kindOf, readRegularFile } from "../regular-file.ts";
import { type ProtectedPath, resolveSource } from "./mount-sources.ts";

/** The most that a directory may have: entries, directories included, and bytes of all its files. */
const MOST_ENTRIES = 1_000;
const MOST_BYTES = 8 * HOME_FILE_BYTES;

/** A file to write into a home. */
export interface HomeFile {
  /** From the home. */
  readonly path: string;
  readonly content: Buffer;
  readonly isExecutable: boolean;
}

/** What one entry of `files` brings. */
export interface HomeEntry {
  readonly files: readonly HomeFile[];
  /** SHA-256 (hex): of a file's content; of what `sha256sum` prints for all files of a directory, sorted by path. */
  readonly sha256: string;
}

/**
 * The files of an entry; a source is read, with every link on the way to it followed and none in it.
 *
 * @throws AgentdError `file_invalid` for a source that is neither a regular file of at most 1 MiB nor a directory of
 * regular files within the bounds, or must not be handed over.
 */
export async function homeEntry(
  { target, content, source }: Profile["files"][number],
  protectedOnes: readonly ProtectedPath[],
): Promise<HomeEntry> {
  const path = target.slice("~/".length);
  if (source === undefined) return entryOf(path, Buffer.from(content ?? ""), false);
  const refused = refusalOf(source);
  return await entryAt(path, await resolveSource(source, protectedOnes, refused), refused);
}

/**
 * The same for an entry from a repository. No link is followed: it could lead out of the repository.
 *
 * @throws AgentdError `file_invalid`
 */
export async function fetchedEntry(
  target: string,
  { url, ref, path, directory }: GitSource & { readonly directory: string },
): Promise<HomeEntry> {
  const named = `${path === "" ? "the files" : path} of ${url}${ref === null ? "" : ` at ${ref}`}`;
  const refused = refusalOf(named);
  for (const part of partsOf(path)) {
    const stats = await ifThere(lstat(join(directory, part)));
    if (stats === undefined) throw refused("the repository has no such file or directory");
    if (stats.isSymbolicLink()) throw refused(`${part} is a symbolic link`);
  }
  return await entryAt(target.slice("~/".length), join(directory, path), refused);
}

/** `a/b/c` to `a`, `a/b` and `a/b/c`. */
function partsOf(path: string): string[] {
  const names = path === "" ? [] : path.split("/");
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

async function entryAt(path: string, place: string, refused: Refusal): Promise<HomeEntry> {
  try {
    const stats = await lstat(place);
    if (!stats.isDirectory()) {
      return entryOf(path, await readRegularFile(place, HOME_FILE_BYTES), (stats.mode & 0o100) !== 0);
    }
    const found: HomeFile[] = [];
    await readBelow(place, "", { found, entries: 0, bytes: 0 });
    return {
      files: found.map((file) => ({ ...file, path: `${path}/${file.path}` })),
      sha256: digestOf(found.map((file) => `${digestOf(file.content)}  ${file.path}\n`).join("")),
    };
  } catch (error) {
    throw refused(sentence(error), error);
  }
}

function entryOf(path: string, content: Buffer, isExecutable: boolean): HomeEntry {
  return { files: [{ path, content, isExecutable }], sha256: digestOf(content) };
}

interface Reading {
  readonly found: HomeFile[];
  entries: number;
  bytes: number;
}

/** In the order of the paths. @param inside the directory's own path from the source; empty for the source. */
async function readBelow(root: string, inside: string, reading: Reading): Promise<void> {
  const names = await readdir(join(root, inside));
  for (const name of names.sort()) {
    const path = inside === "" ? name : `${inside}/${name}`;
    reading.entries += 1;
    if (reading.entries > MOST_ENTRIES) throw new Error(`it has more than ${MOST_ENTRIES} entries`);
    const place = join(root, path);
    const stats = await lstat(place);
    if (stats.isDirectory()) {
      await readBelow(root, path, reading);
      continue;
    }
    if (!stats.isFile())
      throw new Error(`${path} in it is a ${kindOf(stats)}, and only regular files are copied`);
    const content = await readRegularFile(place, HOME_FILE_BYTES).catch((cause: unknown) => {
      throw new Error(`${path} in it cannot be read: ${sentence(cause)}`, { cause });
    });
    reading.bytes += content.length;
    if (reading.bytes > MOST_BYTES) throw new Error(`its files have more than ${MOST_BYTES} bytes`);
    reading.found.push({ path, content, isExecutable: (stats.mode & 0o100) !== 0 });
  }
}

type Refusal = (why: string, cause?: unknown) => AgentdError;

function refusalOf(source: string): Refusal {
  return (why, cause) =>
    new AgentdError("file_invalid", {
      tried: `read ${source} for the session's home`,
      why,
      next: "Fix the source in the profile.",
      details: { source },
      cause,
    });
}

function digestOf(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}
