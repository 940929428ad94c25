/**
 * What starting the command line costs, against starting Node with nothing to do.
 */
import { AGENTD } from "../kit/agentd.mjs";
import { timeCommand } from "./command.mjs";
import { sampleInTurn } from "./rounds.mjs";

/** @typedef {import("./measurements.mjs").Measurement} Measurement */
/** @typedef {import("./rounds.mjs").Contender} Contender */

/** @type {Measurement} */
export const start = {
  name: "start",
  rounds: 50,
  async run({ sandbox }, options) {
    const { env } = sandbox;
    const version = contender("agentd --version", [AGENTD, "--version"], /^agentd \d/, env);
    const ps = contender("agentd ps", [AGENTD, "ps"], /^SESSION /, env);
    const node = contender("node -e 0", ["node", "-e", "0"], /^$/, env);
    const samples = await sampleInTurn([version, ps, node], options);
    return {
      samples,
      ratios: [
        { what: version.name, against: node.name, goal: 1.3 },
        { what: ps.name, against: node.name, goal: 2 },
      ],
    };
  },
};

/**
 * @param {string} name
 * @param {readonly [string, ...string[]]} command
 * @param {RegExp} expected What it prints when it works.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Contender}
 */
function contender(name, command, expected, env) {
  return {
    name,
    sample: async () => {
      const { durationMs, stdout } = await timeCommand(command, env);
      if (!expected.test(stdout)) throw new Error(`${name} printed ${JSON.stringify(stdout)}`);
      return durationMs;
    },
  };
}
