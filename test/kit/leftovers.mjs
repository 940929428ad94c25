import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { containersOf, isOfASession, isWaiting, volumesOf } from "./podman.mjs";
import { until } from "./until.mjs";

/** @typedef {import("./agentd.mjs").Sandbox} Sandbox */

/**
 * What sessions have left on the host that should be gone once they are sealed: containers, volumes, staging
 * directories, entries of the open index, FIFOs. Not what waits for the next session: see `waitingLeft`. Waits for the containers by which a daemon that has just started looks
 * into images.
 *
 * @param {Sandbox} sandbox
 * @param {string} instance
 * @returns {Promise<string[]>} One line each; empty when all is clean.
 */
export async function leftovers(sandbox, instance) {
  const containers = await containersOf(sandbox.containers, instance);
  const volumes = await volumesOf(sandbox.containers, instance);
  const isKnown = (/** @type {import("./podman.mjs").Container} */ each) =>
    isOfASession(each) || isWaiting(each);
  if (!containers.every(isKnown)) {
    await until("the end of all looks into images", async () =>
      (await containersOf(sandbox.containers, instance)).every(isKnown),
    );
  }
  return [
    ...containers.filter(isOfASession).map(({ Names, State }) => `container ${Names.join()} (${State})`),
    ...volumes.map((volume) => `volume ${volume}`),
    ...(await entries(join(sandbox.cacheDirectory, "staging"))).filter(isOfNoWaiting),
    ...(await entries(join(sandbox.stateDirectory, "open"))),
    ...(await fifosBelow(sandbox.runtimeDirectory(instance))).filter(isOfNoWaiting),
  ];
}

/**
 * What is there of containers that wait for the next session. Nothing once a daemon has ended.
 *
 * @param {Sandbox} sandbox
 * @param {string} instance
 * @returns {Promise<string[]>} One line each.
 */
export async function waitingLeft(sandbox, instance) {
  const containers = (await containersOf(sandbox.containers, instance)).filter(isWaiting);
  const places = [join(sandbox.cacheDirectory, "staging"), join(sandbox.runtimeDirectory(instance), "gates")];
  const directories = (await Promise.all(places.map(entries))).flat().filter((path) => !isOfNoWaiting(path));
  const records = (await entries(sandbox.auditRoot)).filter((path) => basename(path).startsWith("."));
  return [...containers.map(({ Names }) => `container ${Names.join()}`), ...directories, ...records];
}

/** @param {string} path */
function isOfNoWaiting(path) {
  return !/\/warm-[0-9a-f]{16}(\/|\.instance$|$)/.test(path);
}

/** @param {string} directory */
async function entries(directory) {
  return (await list(directory, { recursive: false })).map((entry) => join(directory, entry.name));
}

/** @param {string} directory */
async function fifosBelow(directory) {
  const all = await list(directory, { recursive: true });
  return all.filter((entry) => entry.isFIFO()).map((entry) => `FIFO ${join(entry.parentPath, entry.name)}`);
}

/**
 * @param {string} directory
 * @param {{ recursive: boolean }} options
 */
async function list(directory, { recursive }) {
  try {
    return await readdir(directory, { withFileTypes: true, recursive });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return [];
    throw error;
  }
}
