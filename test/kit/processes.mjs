import { readFile, readdir } from "node:fs/promises";

/**
 * The processes whose command line contains a text, as ids.
 *
 * @param {string} text
 * @returns {Promise<number[]>}
 */
export async function processesWith(text) {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      // A process that has ended meanwhile has no command line.
      const commandLine = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      return commandLine.replaceAll("\0", " ").includes(text) ? [Number(id)] : [];
    }),
  );
  return found.flat().filter((id) => id !== process.pid);
}
