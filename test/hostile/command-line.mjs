import { parseArgs } from "node:util";
import { INPUTS } from "./inputs.mjs";

/** @typedef {import("./all-cases.mjs").Case} Case */
/** @typedef {import("./inputs.mjs").Input} Input */

const ROUNDS = 3;

export const USAGE = `npm run test:hostile -- [--input NUMBER[,NUMBER]] [--only CASE[,CASE]] [--rounds N]

  --input NUMBER  only these inputs of docs/hostile.md, with their tests and cases
  --only CASE     no inputs, only these cases, by the names that test/hostile/cases gives them
  --rounds N      how often each case tries, where it tries more than once (${ROUNDS})
`;

/**
 * @param {string[]} args
 * @param {readonly Case[]} known
 * @returns {{ readonly inputs: readonly Input[], readonly cases: readonly Case[], readonly rounds: number } | "help"}
 * @throws with a sentence when they make no sense.
 */
export function readCommandLine(args, known) {
  const { values } = parseArgs({
    args,
    options: {
      input: { type: "string", multiple: true, default: [] },
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string", default: String(ROUNDS) },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  if (!/^[1-9]\d{0,4}$/.test(values.rounds)) throw new Error("--rounds takes a whole number from 1");
  const rounds = Number(values.rounds);
  const [numbers, names] = [values.input, values.only].map((given) =>
    given.flatMap((text) => text.split(",")),
  );
  if (names !== undefined && names.length > 0) return { inputs: [], cases: casesOf(names, known), rounds };
  const inputs = numbers === undefined || numbers.length === 0 ? INPUTS : inputsOf(numbers);
  const wanted = inputs.flatMap(({ cases = [] }) => cases);
  return { inputs, cases: casesOf(wanted, known), rounds };
}

/** @param {readonly string[]} numbers @returns {readonly Input[]} */
function inputsOf(numbers) {
  const unknown = numbers.find((text) => !INPUTS.some(({ number }) => String(number) === text));
  if (unknown !== undefined) throw new Error(`there is no input ${unknown}; there are 1 to ${INPUTS.length}`);
  return INPUTS.filter(({ number }) => numbers.includes(String(number)));
}

/** @param {readonly string[]} names @param {readonly Case[]} known @returns {readonly Case[]} */
function casesOf(names, known) {
  const unknown = names.find((name) => !known.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no case ${unknown}; there is ${known.map(({ name }) => name).join(", ")}`);
  return known.filter(({ name }) => names.includes(name));
}
