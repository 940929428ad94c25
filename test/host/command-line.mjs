import { parseArgs } from "node:util";
import { DEFAULT_SUITE, SUITES } from "./image/definition.mjs";
import { SCENARIOS } from "./scenarios/all.mjs";
import { scenariosOf } from "./suites.mjs";

/** @typedef {import("./guest/scenario.mjs").Scenario} Scenario */

/**
 * @typedef {object} CommandLine
 * @property {readonly Scenario[]} scenarios
 * @property {string} suite The release of Debian.
 * @property {boolean} shell Whether to give a console on the host instead of running scenarios.
 * @property {string | undefined} jsonFile
 */

export const USAGE = `npm run test:host -- [--suite NAME] [--only NAME]... [--json FILE] [--shell]

  --suite NAME the release of Debian: ${Object.keys(SUITES).join(", ")}; default: ${DEFAULT_SUITE}
  --only NAME  run only this scenario
  --json FILE  also write the report to this file
  --shell      boot the host with agentd installed, and log in on its console (poweroff ends it)

Scenarios:
${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(24)} ${title}`).join("\n")}
`;

/**
 * @param {string[]} args
 * @returns {CommandLine | "help"}
 * @throws with a sentence when they make no sense.
 */
export function readCommandLine(args) {
  const { values } = parseArgs({
    args,
    options: {
      suite: { type: "string", default: DEFAULT_SUITE },
      only: { type: "string", multiple: true, default: [] },
      json: { type: "string" },
      shell: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  const { suite, only, json, shell } = values;
  if (!Object.hasOwn(SUITES, suite))
    throw new Error(`there is no suite ${suite}; there is ${Object.keys(SUITES).join(", ")}`);
  const names = SCENARIOS.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}; there is ${names.join(", ")}`);
  return {
    suite,
    scenarios: scenariosOf(suite).filter(({ name }) => only.length === 0 || only.includes(name)),
    shell,
    jsonFile: json,
  };
}
