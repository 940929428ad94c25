/**
 * `npm run test:hostile`: attacks on the built agentd, each with what has to come of it. Exits 1 when one succeeds.
 *
 * A case is a file of `cases/` that exports `name`, `expectation` (a sentence) and `run`.
 */
import { allCases } from "./all-cases.mjs";
import { readCommandLine, USAGE } from "./command-line.mjs";

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
 * @param {import("./all-cases.mjs").Case} hostile
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

try {
  const cases = await allCases();
  const commandLine = readCommandLine(process.argv.slice(2), cases);
  if (commandLine === "help") process.stdout.write(USAGE);
  else {
    for (const hostile of commandLine.cases) {
      const wrong = await tryCase(hostile, commandLine.rounds);
      const verdict = wrong.length === 0 ? "held" : "FAILED";
      process.stdout.write(`${verdict.padEnd(6)}  ${hostile.name}: ${hostile.expectation}\n`);
      for (const each of wrong) process.stdout.write(`        ${each.replaceAll("\n", "\n        ")}\n`);
      if (wrong.length > 0) process.exitCode = 1;
    }
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
