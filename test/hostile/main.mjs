/**
 * `npm run test:hostile`: hostile inputs of every kind, each with what has to come of it, tried on the built agentd. Exits 1
 * when one succeeds.
 *
 * `inputs.mjs` has them. Most are tried by tests of `npm test`; what takes long, or is a race, is a case: a file of `cases/`
 * that exports `name`, `expectation` (a sentence) and `run`.
 */
import { allCases } from "./all-cases.mjs";
import { readCommandLine, USAGE } from "./command-line.mjs";
import { countOf, tryTests, wrongOf } from "./try-tests.mjs";

/** @typedef {import("./all-cases.mjs").Case} Case */

/**
 * What a case is run with.
 *
 * @typedef {object} Attempt
 * @property {number} rounds How often it tries.
 * @property {(text: string) => void} say Tells how far it has come.
 */

/** @param {string} text */
function say(text) {
  process.stderr.write(`hostile: ${text}\n`);
}

/**
 * @param {Case} hostile
 * @param {number} rounds
 */
async function tryCase({ name, expectation, run }, rounds) {
  say(`${name}: ${expectation}`);
  try {
    return (await run({ rounds, say: (text) => say(`${name}: ${text}`) })) ?? [];
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

/**
 * @param {string} what
 * @param {readonly string[]} wrong
 */
function tell(what, wrong) {
  process.stdout.write(`${wrong.length === 0 ? "held  " : "FAILED"}  ${what}\n`);
  for (const each of wrong) process.stdout.write(`        ${each.replaceAll("\n", "\n        ")}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

/** @param {Exclude<ReturnType<typeof readCommandLine>, "help">} commandLine */
async function tryAll({ inputs, cases, rounds }) {
  const tried = await tryTests(inputs);
  /** @type {Map<string, readonly string[]>} */
  const wrongOfCases = new Map();
  for (const hostile of cases) wrongOfCases.set(hostile.name, await tryCase(hostile, rounds));
  for (const input of inputs) {
    const wrong = (input.cases ?? []).flatMap(
      (name) => wrongOfCases.get(name) ?? [`there is no case ${name}`],
    );
    const count = countOf(input, tried) + (input.cases ?? []).length;
    const tries = count === 1 ? "1 try" : `${count} tries`;
    tell(`${input.number} ${input.name}: ${input.expectation} (${tries})`, [
      ...wrongOf(input, tried),
      ...wrong,
    ]);
  }
  if (inputs.length > 0) return;
  for (const { name, expectation } of cases) tell(`${name}: ${expectation}`, wrongOfCases.get(name) ?? []);
}

try {
  const commandLine = readCommandLine(process.argv.slice(2), await allCases());
  if (commandLine === "help") process.stdout.write(USAGE);
  else await tryAll(commandLine);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
