/**
 * What one session costs, from the command's start to its end, against doing the same with git and podman by hand.
 */
import { AGENTD } from "../kit/agentd.mjs";
import { cloneAndPodmanRun, podmanRun } from "./by-hand.mjs";
import { timeCommand } from "./command.mjs";
import { sampleInTurn } from "./rounds.mjs";
import { PROFILE } from "./workshop.mjs";

/** @typedef {import("./measurements.mjs").Measurement} Measurement */
/** @typedef {import("./rounds.mjs").Contender} Contender */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */

/** @type {Measurement} */
export const session = {
  name: "session",
  rounds: 25,
  async run(workshop, options) {
    const agentd = agentdRun(workshop);
    const byHand = cloneAndPodmanRun(workshop);
    const bare = podmanRun(workshop);
    const samples = await sampleInTurn([agentd, byHand, bare], options);
    return {
      samples,
      ratios: [
        { what: agentd.name, against: byHand.name, goal: 0.7 },
        { what: agentd.name, against: bare.name, goal: 1.0 },
      ],
    };
  },
};

/**
 * @param {Workshop} workshop
 * @returns {Contender}
 */
function agentdRun({ sandbox, repository }) {
  return {
    name: "agentd run",
    sample: async () => {
      const { durationMs, stdout } = await timeCommand([AGENTD, "run", PROFILE, "--json"], sandbox.env);
      const { outcome, commit } = JSON.parse(stdout);
      if (outcome !== "success" || commit !== repository.commit) {
        throw new Error(`this session did not do what was asked: ${stdout}`);
      }
      return durationMs;
    },
  };
}
