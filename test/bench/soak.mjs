/**
 * What many sessions leave behind, one after another: in the daemon's memory, of descriptors and files, and on the host.
 */
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { leftovers } from "../kit/leftovers.mjs";
import { processesLeftOf } from "../kit/processes.mjs";
import { connectWire } from "../kit/wire.mjs";
import { QUIET_MS, usageOf } from "./process-usage.mjs";
import { PROFILE } from "./workshop.mjs";

/** @typedef {import("../kit/wire.mjs").Wire} Wire */
/** @typedef {import("../kit/agentd.mjs").Sandbox} Sandbox */

/** Its sessions have a network of the gateway's. */
const ALLOWLIST_PROFILE = "soak-allowlist";
/** After so many, it is looked at in between. */
const FIRST_LOOK = 100;

/** @type {import("./measurements.mjs").Measurement} */
export const soak = {
  name: "soak",
  rounds: 1_000,
  isLong: true,
  async run({ sandbox, config }, { rounds, progress, signal }) {
    const wire = await connectWire(sandbox.socketPath);
    const [common] = config.profiles;
    if (common === undefined) throw new Error("the workshop has no profile");
    const allowlist = { ...common, name: ALLOWLIST_PROFILE, network: "allowlist", allow: ["example.org"] };
    try {
      const { pid, instance } = await wire.call("status");
      const looks = [await look(sandbox, pid, "just started")];
      await sandbox.writeConfig({ ...config, profiles: [...config.profiles, allowlist] });
      await wire.call("reload");
      /** @type {string[]} */
      const sessions = [];
      while (sessions.length < rounds) {
        signal.throwIfAborted();
        sessions.push(await run(wire, sessions.length % 2 === 0 ? PROFILE : ALLOWLIST_PROFILE));
        const { length } = sessions;
        if (length % 50 === 0) progress(`${length} sessions`);
        if (length !== FIRST_LOOK && length !== rounds) continue;
        await sleep(QUIET_MS, undefined, { signal });
        looks.push(await look(sandbox, pid, `after ${length} sessions`));
      }
      const { gateway, sessions: open, warm } = await wire.call("status");
      /** @type {(what: string, value: number, unit: string, goal?: number | null) => import("./measurements.mjs").Figure} */
      const figure = (what, value, unit, goal = null) => ({ what, against: "", value, unit, goal });
      /** @type {(what: string, value: number) => import("./measurements.mjs").Figure} */
      const none = (what, value) => figure(what, value, "", 0);
      return {
        samples: {},
        figures: [
          ...looks.flatMap(({ when, memoryMb, descriptors, files }) => [
            figure(`memory of the daemon, ${when}`, memoryMb, "MB"),
            figure(`its descriptors, ${when}`, descriptors, ""),
            figure(`files beside the records, ${when}`, files, ""),
          ]),
          figure("containers that wait", warm.waiting, ""),
          none("containers, volumes, staging and FIFOs left", (await leftovers(sandbox, instance)).length),
          none("processes left", (await processesLeftOf(sessions)).length),
          none("networks left", gateway?.sessions ?? 0),
          none("sessions not sealed", sumOf(open)),
        ],
      };
    } finally {
      await sandbox.writeConfig(config);
      await wire.call("reload");
      wire.close();
    }
  },
};

/** @param {Record<string, number>} counts */
function sumOf(counts) {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/**
 * One session, to its seal.
 *
 * @param {Wire} wire
 * @param {string} profile
 * @returns {Promise<string>} Its id.
 */
async function run(wire, profile) {
  const { session_id: session } = await wire.call("run", { request_id: randomUUID(), profile });
  const { outcome } = await wire.call("wait", { session });
  if (outcome !== "success") throw new Error(`session ${session} came to ${outcome}`);
  return session;
}

/**
 * @param {Sandbox} sandbox
 * @param {number} pid Of its daemon.
 * @param {string} when
 */
async function look({ stateDirectory, cacheDirectory }, pid, when) {
  const { residentMb } = await usageOf(pid);
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  const places = [stateDirectory, cacheDirectory].map((place) => readdir(place, { recursive: true }));
  return { when, memoryMb: residentMb, descriptors, files: (await Promise.all(places)).flat().length };
}
