/**
 * What the daemon holds in memory: with nothing to do, and with a hundred sessions running.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../kit/until.mjs";
import { connectWire } from "../kit/wire.mjs";
import { QUIET_MS, usageOf } from "./process-usage.mjs";
import { PROFILE, SLEEPING_PROFILE } from "./workshop.mjs";

/** @typedef {import("../kit/wire.mjs").Wire} Wire */

const SESSIONS = 100;
const ALL_RUN_TIMEOUT_MS = 300_000;

/** @type {import("./measurements.mjs").Measurement} */
export const memory = {
  name: "memory",
  rounds: 1,
  async run({ sandbox }, { progress, signal }) {
    const wire = await connectWire(sandbox.socketPath);
    try {
      const { pid } = await wire.call("status");
      const started = await usageOf(pid);
      progress("one session, then nothing for a while");
      await waitFor(wire, [await accept(wire, PROFILE)]);
      await sleep(QUIET_MS, undefined, { signal });
      const idle = await usageOf(pid);

      progress(`${SESSIONS} sessions that run`);
      const sessions = [];
      for (let count = 0; count < SESSIONS; count += 1) sessions.push(await accept(wire, SLEEPING_PROFILE));
      const allRun = async () => (await wire.call("status")).sessions.running === SESSIONS;
      await until("all sessions run", allRun, { timeoutMs: ALL_RUN_TIMEOUT_MS });
      signal.throwIfAborted();
      await sleep(QUIET_MS, undefined, { signal });
      const busy = await usageOf(pid);
      for (const session of sessions) await wire.call("stop", { session, grace_ms: 0 });
      await waitFor(wire, sessions);

      const perSession = (busy.residentMb - idle.residentMb) / SESSIONS;
      const figure = (
        /** @type {string} */ what,
        /** @type {number} */ value,
        /** @type {number | null} */ goal,
      ) => {
        return { what, against: "", value, unit: "MB", goal };
      };
      return {
        samples: {},
        figures: [
          figure("memory of the daemon, just started", started.residentMb, 85),
          figure("memory of the daemon, idle after a session", idle.residentMb, 85),
          figure(`memory of the daemon, ${SESSIONS} sessions running`, busy.residentMb, null),
          figure("of that, for each session", perSession, 0.3),
        ],
      };
    } finally {
      wire.close();
    }
  },
};

/**
 * @param {Wire} wire
 * @param {string} profile
 * @returns {Promise<string>} The session's id.
 */
async function accept(wire, profile) {
  return (await wire.call("run", { request_id: randomUUID(), profile })).session_id;
}

/**
 * @param {Wire} wire
 * @param {readonly string[]} sessions
 */
async function waitFor(wire, sessions) {
  await Promise.all(sessions.map((session) => wire.call("wait", { session })));
}
