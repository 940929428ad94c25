/** Which ports of TCP processes listen on. */
import { readdir, readFile, readlink } from "node:fs/promises";

const LISTENS = "0A";

/**
 * The ports on which a process, or one that descends from it, listens: `ADDRESS:PORT` as the kernel writes it.
 *
 * @param {number} pid
 * @returns {Promise<string[]>}
 */
export async function listenersOf(pid) {
  const parents = new Map();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]));
  }
  const family = [...parents.keys()].filter((each) => {
    let at = each;
    while (at !== pid && at > 1 && parents.has(at)) at = parents.get(at);
    return at === pid;
  });
  const found = await Promise.all(family.map((each) => ownListeners(each)));
  return [...new Set(found.flat())];
}

/** In the network namespace of that process. @param {number} pid @returns {Promise<string[]>} */
async function ownListeners(pid) {
  const links = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(links.map((link) => readlink(`/proc/${pid}/fd/${link}`).catch(() => "")));
  const inodes = new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/${pid}/net/${name}`, "utf8").catch(() => "")),
  );
  return tables.flatMap((table) =>
    table.split("\n").flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      return state === LISTENS && inodes.has(inode ?? "") ? [local ?? ""] : [];
    }),
  );
}
