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

/** The user that agentd gives every session, inside. */
const SESSION_UID = 39_000;

/** For a git that does what it does by default. */
export const GIT_WITHOUT_CONFIGURATION = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

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
