/**
 * How many sessions a second there are when sixteen run at once, against `podman run --rm` sixteen at once, and against the least that
 * they could cost.
 */
import { randomUUID } from "node:crypto";
import { AGENTD } from "../kit/agentd.mjs";
import { connectWire } from "../kit/wire.mjs";
import { podmanRun } from "./by-hand.mjs";
import { timeCommand } from "./command.mjs";
import { engineAlone } from "./engine-alone.mjs";
import { sampleInTurn } from "./rounds.mjs";
import { PROFILE } from "./workshop.mjs";

/** @typedef {import("./measurements.mjs").Measurement} Measurement */
/** @typedef {import("./rounds.mjs").Contender} Contender */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */

const AT_ONCE = 16;
/** Of one sample: enough that beginning and end, where fewer run, do not count for much. */
const SESSIONS = 48;

/** @type {Measurement} */
export const throughput = {
  name: "throughput",
  rounds: 3,
  async run(workshop, options) {
    const { sandbox } = workshop;
    const wire = await connectWire(sandbox.socketPath);
    const overWire = contender(`${SESSIONS} sessions, ${AT_ONCE} at once, one connection`, async () => {
      const accepted = await wire.call("run", { request_id: randomUUID(), profile: PROFILE });
      const sealed = await wire.call("wait", { session: accepted.session_id });
      if (sealed.outcome !== "success") throw new Error(`a session ended so: ${JSON.stringify(sealed)}`);
    });
    const byCommand = contender(`${SESSIONS} \`agentd run\`, ${AT_ONCE} at once`, async () => {
      await timeCommand([AGENTD, "run", PROFILE], sandbox.env);
    });
    const { sample } = podmanRun(workshop);
    const bare = contender(`${SESSIONS} \`podman run --rm\`, ${AT_ONCE} at once`, async () => {
      await sample();
    });
    const alone = await engineAlone(workshop, { waits: false });
    const floor = contender(`${SESSIONS} by git and the API alone, ${AT_ONCE} at once`, async () => {
      await alone.sample();
    });
    try {
      const samples = await sampleInTurn([overWire, byCommand, bare, floor], { ...options, warmUps: 1 });
      return {
        samples,
        ratios: [
          { what: overWire.name, against: bare.name, goal: 1.0 },
          { what: byCommand.name, against: bare.name, goal: null },
          { what: floor.name, against: bare.name, goal: null },
        ],
      };
    } finally {
      wire.close();
    }
  },
};

/**
 * @param {string} name
 * @param {() => Promise<void>} once
 * @returns {Contender}
 */
function contender(name, once) {
  return {
    name,
    sample: async () => {
      let remaining = SESSIONS;
      const one = async () => {
        while (remaining-- > 0) await once();
      };
      const startedMs = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, one));
      return performance.now() - startedMs;
    },
  };
}
