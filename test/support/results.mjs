/**
 * What was tried on which versions, with which result: `results.json`, one entry for each version. The table of docs/host.md
 * is made of it, and nothing else.
 */
import { readFile, writeFile } from "node:fs/promises";

const FILE = new URL("results.json", import.meta.url);

/**
 * @typedef {object} Result
 * @property {"node" | "debian"} kind
 * @property {string} version As it is asked for: `24`, `trixie`.
 * @property {string} date Of the run, as `2026-11-29`.
 * @property {"passed" | "failed"} result
 * @property {number} seconds
 * @property {Record<string, string>} [versions] Of the programs in the run: `{ node: "24.11.1", podman: "4.3.1" }`.
 * @property {string[]} [tests] Which ran. Without it, all that the command has.
 */

/** @returns {Promise<Result[]>} */
export async function readResults() {
  return JSON.parse(await readFile(FILE, "utf8"));
}

/**
 * Keeps a result, in the place of the one that this version had.
 *
 * @param {Result} result
 * @returns {Promise<string>} The path of the file.
 */
export async function keepResult(result) {
  const others = (await readResults()).filter(
    ({ kind, version }) => kind !== result.kind || version !== result.version,
  );
  const all = [...others, result].sort((a, b) =>
    `${a.kind} ${a.version}`.localeCompare(`${b.kind} ${b.version}`, "en", { numeric: true }),
  );
  await writeFile(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
  return FILE.pathname;
}

const TITLES = { node: "Node.js", debian: "Debian" };

/**
 * The table of docs/host.md.
 *
 * @param {readonly Result[]} results
 */
export function supportTable(results) {
  const rows = results.map(({ kind, version, versions = {}, date, tests = ["all"], result, seconds }) => {
    const programs = Object.entries(versions).map(([name, found]) => `${name} ${found}`);
    const cells = [`${TITLES[kind]} ${version}`, programs.join(", "), tests.join(", "), date];
    return `| ${[...cells, `${result} in ${Math.ceil(seconds / 60)} min`].join(" | ")} |`;
  });
  return ["| on | with | tests | date | result |", "|---|---|---|---|---|", ...rows].join("\n");
}
