/**
 * What a session costs at least: git and Podman's API alone, by the steps of a session, without a daemon, a record, or anything
 * that survives a crash.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectWire } from "../kit/wire.mjs";
import { GIT_WITHOUT_CONFIGURATION, idMaps, SESSION_UID } from "./by-hand.mjs";

/** @typedef {import("./rounds.mjs").Contender} Contender */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */

const execute = promisify(execFile);

/** As a launcher waits. */
const WAIT_AT_THE_GATE = "read go < /gate/fifo; exec true";

/**
 * @param {Workshop} workshop
 * @param {{ waits: boolean }} options Whether a container waits already; making it does not count then.
 * @returns {Promise<Contender>}
 */
export async function engineAlone(workshop, { waits }) {
  const { sandbox, repository } = workshop;
  const wire = await connectWire(sandbox.socketPath);
  const { instance } = await wire.call("status");
  wire.close();
  const ask = apiAt(join(sandbox.runtimeDirectory(instance), "podman.sock"));
  const exits = join(sandbox.containers.runtimeDirectory, "libpod/tmp/exits");
  const env = { ...sandbox.env, ...GIT_WITHOUT_CONFIGURATION };
  return {
    name: waits ? "git and the API alone, a container waits" : "git and the API alone",
    sample: async () => {
      const directory = await mkdtemp(join(sandbox.directory, "alone-"));
      const fifo = join(directory, "gate", "fifo");
      for (const name of ["gate", "repo"]) await mkdir(join(directory, name));
      await execute("mkfifo", [fifo]);
      const started = waits ? await startContainer(ask, workshop, directory) : undefined;
      const startedMs = performance.now();
      const clone = execute("git", ["clone", "--quiet", repository.url, join(directory, "repo")], { env });
      const id = started ?? (await startContainer(ask, workshop, directory));
      await clone;
      const exit = exitOf(exits, id);
      await writeFile(fifo, "go\n");
      await exit;
      await ask("DELETE", `/containers/${id}?force=true&timeout=0`);
      const durationMs = performance.now() - startedMs;
      await rm(directory, { recursive: true });
      return durationMs;
    },
  };
}

/**
 * @param {(method: string, path: string, body?: object) => Promise<string>} ask
 * @param {Workshop} workshop
 * @param {string} directory
 */
async function startContainer(ask, { image, podman }, directory) {
  const mount = (/** @type {string} */ name) => {
    return { type: "bind", source: join(directory, name), destination: `/${name}`, options: ["rbind"] };
  };
  const { uidmap, gidmap } = idMaps(podman);
  const created = await ask("POST", "/containers/create", {
    ...{ image, name: `alone-${randomBytes(8).toString("hex")}` },
    ...{ command: ["sh", "-c", WAIT_AT_THE_GATE], user: `${SESSION_UID}:${SESSION_UID}`, init: true },
    ...{ userns: { nsmode: "private" }, idmappings: { UIDMap: uidmap, GIDMap: gidmap } },
    ...{ mounts: [mount("gate"), mount("repo")], volatile: true },
    log_configuration: { driver: "k8s-file", path: join(directory, "console.log") },
  });
  const { Id: id } = JSON.parse(created);
  await ask("POST", `/containers/${id}/start`);
  return id;
}

/**
 * Resolves when conmon has written a container's exit file, which Podman may remove at once.
 *
 * @param {string} directory
 * @param {string} id
 */
async function exitOf(directory, id) {
  const watcher = watch(directory);
  try {
    await new Promise((resolve) => {
      watcher.on("change", (_, name) => {
        if (name === id) resolve(undefined);
      });
    });
  } finally {
    watcher.close();
  }
}

/**
 * @param {string} socketPath
 * @returns {(method: string, path: string, body?: object) => Promise<string>} The text of the answer.
 */
function apiAt(socketPath) {
  return async (method, path, body) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const asked = request({ socketPath, method, path: `/v4.0.0/libpod${path}`, headers });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    /** @type {[import("node:http").IncomingMessage]} */
    // @ts-expect-error once() does not say what the event brings.
    const [answer] = await once(asked, "response");
    const text = (await answer.setEncoding("utf8").toArray()).join("");
    if (!(Number(answer.statusCode) < 300)) throw new Error(`${method} ${path}: ${text}`);
    return text;
  };
}
