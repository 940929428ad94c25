import { parseArgs } from "node:util";
import { MEASUREMENTS } from "./measurements.mjs";

/** @typedef {import("./measurements.mjs").Measurement} Measurement */

/**
 * @typedef {object} CommandLine
 * @property {readonly Measurement[]} measurements
 * @property {number | undefined} rounds Undefined: as many as each measurement has by itself.
 * @property {string | undefined} jsonFile
 */

export const USAGE = `npm run bench -- [--only NAME]... [--rounds COUNT] [--json FILE]

  --only NAME     measure only this: ${MEASUREMENTS.map(({ name }) => name).join(", ")}
                  without it, everything but ${MEASUREMENTS.filter(({ isLong }) => isLong === true)
                    .map(({ name }) => name)
                    .join(", ")}, which takes long
  --rounds COUNT  samples of each contender; of soak, sessions
  --json FILE     also write everything, with every single sample, to this file
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
      rounds: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  const { only, rounds, json } = values;
  const names = MEASUREMENTS.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no measurement ${unknown}; there is ${names.join(", ")}`);
  if (rounds !== undefined && !/^[1-9]\d{0,4}$/.test(rounds))
    throw new Error("--rounds takes a count from 1 on");
  return {
    measurements: MEASUREMENTS.filter(({ name, isLong }) =>
      only.length === 0 ? isLong !== true : only.includes(name),
    ),
    rounds: rounds === undefined ? undefined : Number(rounds),
    jsonFile: json,
  };
}
