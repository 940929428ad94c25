import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * What a tree of files holds: path to content, where content may also be bytes with a mode, or a symbolic link.
 *
 * @typedef {Record<string, string | { content: string | Uint8Array, mode?: number } | { linkTo: string }>} Files
 */

/**
 * Writes a tree of files, instead of files that are there. Files are 0644 unless a mode is given.
 *
 * @param {string} root
 * @param {Files} files Paths relative to `root`.
 */
export async function writeFiles(root, files) {
  for (const [path, file] of Object.entries(files)) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    // An existing link would be written through.
    await rm(target, { force: true });
    if (typeof file === "object" && "linkTo" in file) {
      await symlink(file.linkTo, target);
      continue;
    }
    const { content, mode = 0o644 } = typeof file === "string" ? { content: file } : file;
    await writeFile(target, content);
    await chmod(target, mode);
  }
}
