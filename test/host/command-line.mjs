import { parseArgs } from "node:util";
import { SCENARIOS } from "./scenarios/all.mjs";

/** @typedef {import("./guest/scenario.mjs").Scenario} Scenario */

/**
 * @typedef {object} CommandLine
 * @property {readonly Scenario[]} scenarios
 * @property {boolean} shell Whether to give a console on the host instead of running scenarios.
 * @property {string | undefined} jsonFile
 */

export const USAGE = `npm run test:host -- [--only NAME]... [--json FILE] [--shell]

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
      only: { type: "string", multiple: true, default: [] },
      json: { type: "string" },
      shell: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  const { only, json, shell } = values;
  const names = SCENARIOS.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}; there is ${names.join(", ")}`);
  return {
    scenarios: SCENARIOS.filter(({ name }) => only.length === 0 || only.includes(name)),
    shell,
    jsonFile: json,
  };
}
