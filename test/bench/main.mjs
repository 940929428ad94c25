/**
 * `npm run bench`: what agentd costs, as ratios against the bare tools on the same machine. It measures and does not
 * judge: it exits 0 also where a goal is missed, and 1 only when something did not work.
 */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readCommandLine, USAGE } from "./command-line.mjs";
import { describeMachine } from "./machine.mjs";
import { reportText } from "./report.mjs";
import { resultsOf } from "./results.mjs";
import { inWorkshop } from "./workshop.mjs";

/** @typedef {import("./command-line.mjs").CommandLine} CommandLine */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */

/**
 * @param {Workshop} workshop
 * @param {CommandLine} commandLine
 * @param {AbortSignal} signal
 */
async function bench(workshop, { measurements, rounds, jsonFile }, signal) {
  const machine = await describeMachine(workshop.podman);
  const results = [];
  /** @type {Record<string, import("./rounds.mjs").Samples>} */
  const samples = {};
  for (const { name, run, rounds: usualRounds } of measurements) {
    const progress = (/** @type {string} */ text) => say(`${name}: ${text}`);
    const measured = await run(workshop, { rounds: rounds ?? usualRounds, progress, signal });
    results.push(...resultsOf(measured));
    samples[name] = measured.samples;
  }
  process.stdout.write(`${reportText(results, machine)}\n`);
  if (jsonFile === undefined) return;
  await writeFile(jsonFile, `${JSON.stringify({ machine, results, samples_ms: samples }, undefined, 2)}\n`);
  say(`wrote ${resolve(jsonFile)}`);
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`bench: ${text}\n`);
}

async function main() {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine === "help") {
    process.stdout.write(USAGE);
    return;
  }
  const interrupt = new AbortController();
  // Not `once`: when nobody listens any more, execa ends the process, before it has tidied up.
  process.on("SIGINT", () => interrupt.abort(new Error("interrupted")));
  say("preparing an image, a repository and a daemon");
  await inWorkshop((workshop) => bench(workshop, commandLine, interrupt.signal));
}

try {
  await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
