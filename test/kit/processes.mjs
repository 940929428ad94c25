import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { until } from "./until.mjs";

/**
 * The processes whose command line contains each of the texts, as ids.
 *
 * @param {...string} texts
 * @returns {Promise<number[]>}
 */
export async function processesWith(...texts) {
  const found = await find(({ commandLine }) => texts.every((text) => commandLine.includes(text)));
  return found.map(({ id }) => id);
}

/**
 * Sends a signal to every process whose command line contains a text. One that has ended meanwhile gets none: a program
 * that is about to start another program is two processes with the same command line for a moment.
 *
 * @param {string} text
 * @param {NodeJS.Signals} signal
 * @returns {Promise<number[]>} Their ids; empty when there is none.
 */
export async function signalProcessesWith(text, signal) {
  const ids = await processesWith(text);
  for (const id of ids) sendSignal(id, signal);
  return ids;
}

/**
 * Sends a signal to a process, unless it has ended.
 *
 * @param {number} id
 * @param {NodeJS.Signals} signal
 */
export function sendSignal(id, signal) {
  try {
    process.kill(id, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/**
 * What sessions that have ended have left running: processes that have one of these texts in their command line, or as
 * `AGENTD_SESSION_ID` in their environment. conmon counts only when it stays: by the time that the container's end shows,
 * conmon has written all of its output, and it lives on until the `podman container cleanup` that it starts has ended.
 * Podman removes the container without waiting for either.
 *
 * @param {readonly string[]} texts
 * @returns {Promise<string[]>} One line each. Throws when conmon stays.
 */
export async function processesLeftOf(texts) {
  const search = () =>
    find(({ commandLine, environment }) =>
      texts.some((text) => commandLine.includes(text) || environment.includes(`AGENTD_SESSION_ID=${text}`)),
    );
  const left = (await search()).filter((found) => !isConmon(found));
  await until(`the end of conmon with ${texts.join(" or ")} in its command line`, async () =>
    (await search()).every((found) => !isConmon(found)),
  );
  return left.map(({ id, commandLine }) => `process ${id}: ${commandLine}`);
}

/** @typedef {{ id: number, commandLine: string, environment: string }} Found */

/** @param {Found} found */
function isConmon({ commandLine }) {
  return basename(commandLine.split(" ")[0] ?? "") === "conmon";
}

/**
 * @param {(found: Found) => boolean} matches
 * @returns {Promise<Found[]>}
 */
async function find(matches) {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(
    ids.map(async (id) => ({
      id,
      commandLine: await readWords(`/proc/${id}/cmdline`),
      environment: await readWords(`/proc/${id}/environ`),
    })),
  );
  return all.filter((found) => found.id !== process.pid && matches(found));
}

/** Empty when the process has ended meanwhile, or is not for us to look at. @param {string} file */
async function readWords(file) {
  return (await readFile(file, "utf8").catch(() => "")).replaceAll("\0", " ");
}
