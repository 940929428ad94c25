/**
 * Runs the steps of this boot inside the host, as its operator, and tells the harness about them: one JSON object a
 * line on the second serial port.
 */
import { appendFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { SCENARIOS } from "../scenarios/all.mjs";
import { asRoot } from "./command.mjs";
import { describeHost } from "./describe-host.mjs";
import { Operator } from "./operator.mjs";

/** @typedef {import("./scenario.mjs").Phase} Phase */

const PORT = "/dev/ttyS1";

/** @param {Record<string, unknown>} event */
function tell(event) {
  appendFileSync(PORT, `${JSON.stringify(event)}\n`);
}

/** @param {Operator} operator @param {{ scenario: string, phase: number }} step @returns {Promise<Phase["then"]>} */
async function runStep(operator, step) {
  const phase = SCENARIOS.find(({ name }) => name === step.scenario)?.phases[step.phase];
  if (phase === undefined) throw new Error(`there is no phase ${step.phase} of ${step.scenario}`);
  tell({ event: "started", ...step });
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 100) / 10;
  try {
    if (step.phase === 0) await operator.reset();
    const facts = await phase.run(operator);
    tell({ event: "passed", ...step, seconds: seconds(), facts: facts ?? {} });
    return phase.then;
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    tell({ event: "failed", ...step, seconds: seconds(), why, diagnosis: await operator.diagnosis() });
    // What follows in the next boot has nothing to go on.
    return undefined;
  }
}

async function main() {
  const operator = new Operator();
  const steps = JSON.parse(await readFile(new URL("../steps.json", import.meta.url), "utf8"));
  await operator.prepare();
  if (steps === "shell") return;
  tell({ event: "booted", host: await describeHost(operator) });
  /** @type {Phase["then"]} */
  let then = "poweroff";
  for (const step of steps) then = (await runStep(operator, step)) ?? "poweroff";
  tell({ event: "ending", by: then });
  await asRoot(["systemctl", then]);
}

try {
  await main();
} catch (error) {
  tell({ event: "broken", why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  await asRoot(["systemctl", "poweroff"]);
}
