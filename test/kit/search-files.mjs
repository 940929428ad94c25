/**
 * Searches regular files below directories, their names and the targets of links for texts. A program of its own, so
 * that it can run as root of the user's namespace, which may read what containers own. Takes a `FileSearch` as JSON on
 * stdin, prints the findings as JSON.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { text } from "node:stream/consumers";

/**
 * @typedef {object} FileSearch
 * @property {string[]} directories
 * @property {string[]} texts
 * @property {number} sinceMs Files that have not changed since, in milliseconds of the epoch, are left out.
 */
/** @typedef {{ path: string, text: string }} Finding */

/** @param {FileSearch} search @returns {Finding[]} */
function searchFiles({ directories, texts, sinceMs }) {
  /** @type {Finding[]} */
  const findings = [];
  const found = (/** @type {string} */ path, /** @type {string | Buffer} */ content) => {
    for (const each of texts) if (content.includes(each)) findings.push({ path, text: each });
  };
  const remaining = [...directories];
  for (let path = remaining.pop(); path !== undefined; path = remaining.pop()) {
    try {
      const stats = lstatSync(path);
      // One by one: a directory can have more entries than a call takes arguments.
      if (stats.isDirectory()) for (const name of readdirSync(path)) remaining.push(`${path}/${name}`);
      // No process can set a file's time of change.
      if (stats.ctimeMs < sinceMs) continue;
      found(path, path);
      if (stats.isSymbolicLink()) found(path, readlinkSync(path));
      if (stats.isFile()) found(path, readFileSync(path));
    } catch (error) {
      // Sessions come and go meanwhile; what this root may not read belongs to another user; a namespace that is
      // mounted as a file has nothing to read; a path may be longer than the kernel takes in one piece.
      const { code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
      if (!["ENOENT", "ENOTDIR", "EACCES", "EINVAL", "ENAMETOOLONG"].includes(code)) throw error;
    }
  }
  return findings;
}

process.stdout.write(JSON.stringify(searchFiles(JSON.parse(await text(process.stdin)))));
