import { parseArgs } from "node:util";

/** @typedef {import("./all-cases.mjs").Case} Case */

const ROUNDS = 3;

export const USAGE = `npm run test:hostile -- [--only NAME[,NAME]] [--rounds N]

  --only NAME  only these cases; the name is that of its file in test/hostile/cases
  --rounds N   how often each case tries, where it tries more than once (${ROUNDS})
`;

/**
 * @param {string[]} args
 * @param {readonly Case[]} known
 * @returns {{ readonly cases: readonly Case[], readonly rounds: number } | "help"}
 * @throws with a sentence when they make no sense.
 */
export function readCommandLine(args, known) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string", default: String(ROUNDS) },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  const names = values.only.flatMap((option) => option.split(","));
  const unknown = names.find((name) => !known.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no case ${unknown}; there is ${known.map(({ name }) => name).join(", ")}`);
  if (!/^[1-9]\d{0,4}$/.test(values.rounds)) throw new Error("--rounds takes a whole number from 1");
  return {
    cases: known.filter(({ name }) => names.length === 0 || names.includes(name)),
    rounds: Number(values.rounds),
  };
}
