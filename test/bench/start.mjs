/**
 * What starting the command line costs, against starting Node with nothing to do.
 */
import { join } from "node:path";
import { AGENTD } from "../kit/agentd.mjs";
import { writeFiles } from "../kit/files.mjs";
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
    // An operator with other hosts, for a command of this machine.
    const config = join(sandbox.directory, "with-contexts");
    await writeFiles(config, {
      "agentd/contexts.toml": '[contexts.prod]\nhost = "ssh://me@server"\n',
    });
    const withContexts = contender("agentd ps, with contexts", [AGENTD, "ps"], /^SESSION /, {
      ...env,
      XDG_CONFIG_HOME: config,
    });
    const node = contender("node -e 0", ["node", "-e", "0"], /^$/, env);
    const samples = await sampleInTurn([version, ps, withContexts, node], options);
    return {
      samples,
      ratios: [
        { what: version.name, against: node.name, goal: 1.3 },
        { what: ps.name, against: node.name, goal: 1.7 },
        { what: withContexts.name, against: ps.name, goal: 1.1 },
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
