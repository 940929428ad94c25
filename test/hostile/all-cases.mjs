import { readdir } from "node:fs/promises";

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} expectation What has to come of it, as a sentence.
 * @property {(attempt: import("./main.mjs").Attempt) => Promise<string[] | void>} run Resolves with what came out wrong;
 *   what it throws is wrong, too.
 */

/** Every case of `cases/`, in the order of their files. @returns {Promise<Case[]>} */
export async function allCases() {
  const files = (await readdir(new URL("cases/", import.meta.url)))
    .filter((name) => name.endsWith(".mjs"))
    .sort();
  return await Promise.all(files.map((file) => import(new URL(`cases/${file}`, import.meta.url).href)));
}
