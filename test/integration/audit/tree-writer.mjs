/**
 * A process of another session that was handed a descriptor of a directory: it goes on writing below it, wherever it is
 * moved, and puts links to a directory of the host in the place of directories. `node tree-writer.mjs DIRECTORY VICTIM`;
 * prints a line when it has begun.
 */
import {
  appendFileSync,
  chmodSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";

const [, , directory = "", victim = ""] = process.argv;
const held = `/proc/self/fd/${openSync(directory, "r")}`;
process.stdout.write("begun\n");

for (let round = 0; ; round += 1) {
  for (const name of ["a", "b", "c"]) {
    attempt(() => renameSync(`${held}/${name}`, `${held}/.${name}`));
    attempt(() => symlinkSync(victim, `${held}/${name}`));
    attempt(() => chmodSync(`${held}/.${name}`, round % 2 === 0 ? 0 : 0o700));
    attempt(() => appendFileSync(`${held}/.${name}/report`, "more"));
    attempt(() => unlinkSync(`${held}/${name}`));
    attempt(() => renameSync(`${held}/.${name}`, `${held}/${name}`));
  }
  attempt(() => chmodSync(held, round % 3 === 0 ? 0o500 : 0o700));
  attempt(() => writeFileSync(`${held}/new-${round % 8}`, "new"));
  attempt(() => rmSync(`${held}/new-${(round + 4) % 8}`, { force: true }));
}

/** @param {() => void} write */
function attempt(write) {
  try {
    write();
  } catch {
    // Whoever seals was faster.
  }
}
