/**
 * `npm run test:host`: boots a host with Debian with systemd and SELinux enforcing, installs the packed product as a user
 * would, and runs scenarios inside. Exits 0 only when every scenario ran and passed.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { findAccelerator } from "./acceleration.mjs";
import { readCommandLine, USAGE } from "./command-line.mjs";
import { cacheDirectory, ensureImage } from "./image.mjs";
import { collectInput, writeInputDisk } from "./input.mjs";
import { boot, bootOnTerminal } from "./machine.mjs";
import { planBoots } from "./plan.mjs";
import { isSuccess, reportText, resultsOf } from "./report.mjs";

/** @typedef {import("./machine.mjs").Image} Image */
/** @typedef {import("./acceleration.mjs").Accelerator} Accelerator */
/** @typedef {import("./command-line.mjs").CommandLine} CommandLine */
/** @typedef {import("./report.mjs").HostEvent} HostEvent */
/** @typedef {import("./report.mjs").Report} Report */

/** Bounds how long a hang lasts. */
const BOOT_LIMIT_MS = 14_400_000;

/** The files of one run. They stay until the next one. */
function placesOf(/** @type {string} */ directory) {
  return {
    directory,
    disk: join(directory, "disk.qcow2"),
    input: join(directory, "input"),
    inputDisk: join(directory, "input.tar"),
    events: join(directory, "events.jsonl"),
    console: (/** @type {number} */ number) => join(directory, `console-${number}.log`),
  };
}

/** @typedef {ReturnType<typeof placesOf>} Places */

/**
 * @param {string} suite Each has its own place: two releases can run at once.
 * @param {Image} image
 * @returns {Promise<Places>}
 */
async function prepareRun(suite, image) {
  const places = placesOf(join(cacheDirectory(), "run", suite));
  await rm(places.directory, { recursive: true, force: true });
  await mkdir(places.directory, { recursive: true });
  await execa("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", image.disk, places.disk]);
  await collectInput(places.input);
  return places;
}

/**
 * @param {Image} image
 * @param {Accelerator} accelerator
 * @param {Places} places
 * @param {CommandLine} commandLine
 * @param {AbortSignal} signal
 */
async function runScenarios(image, accelerator, places, { suite, scenarios, jsonFile }, signal) {
  /** @type {HostEvent[]} */
  const events = [];
  const date = new Date().toISOString().slice(0, 10);
  const start = performance.now();
  const boots = planBoots(scenarios);
  /** @returns {Report} */
  const report = () => ({
    ...{ suite, date },
    host: { ...events.find((event) => event.event === "booted")?.host, accelerator },
    boots: boots.length,
    seconds: (performance.now() - start) / 1000,
    scenarios: resultsOf(scenarios, events),
  });
  for (const [index, steps] of boots.entries()) {
    say(`boot ${index + 1} of ${boots.length}`);
    await writeInputDisk(places.input, steps, places.inputDisk);
    const before = events.length;
    await boot(image, {
      accelerator,
      disk: places.disk,
      input: places.inputDisk,
      consoleLog: places.console(index + 1),
      onLine: (line) => {
        appendFileSync(places.events, `${line}\n`);
        const event = /** @type {HostEvent} */ (JSON.parse(line));
        events.push(event);
        sayEvent(event);
        // After each event: a run of an hour that is cut short has shown something, too.
        if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(report(), undefined, 2)}\n`);
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(BOOT_LIMIT_MS)]),
    });
    if (!events.slice(before).some(({ event }) => event === "ending")) {
      say("the host went off by itself; what was to follow is not run");
      break;
    }
  }
  return report();
}

/** @param {HostEvent} event */
function sayEvent(event) {
  if (event.event === "passed") say(`${event.scenario}: ok (${event.seconds} s)`);
  if (event.event === "failed") say(`${event.scenario}: FAILED: ${event.why}\n${event.diagnosis}`);
  if (event.event === "broken") say(`the host broke down: ${event.why}`);
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`host: ${text}\n`);
}

async function main() {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine === "help") {
    process.stdout.write(USAGE);
    return;
  }
  const { suite } = commandLine;
  const image = await ensureImage(suite, {
    rebuild: () => say(`building the host's image of ${suite}; this takes some minutes`),
  });
  const places = await prepareRun(suite, image);
  const accelerator = await findAccelerator(image);
  if (accelerator === "tcg") say("without hardware virtualisation, which is much slower");
  if (commandLine.shell) {
    await writeInputDisk(places.input, "shell", places.inputDisk);
    await bootOnTerminal(image, { accelerator, disk: places.disk, input: places.inputDisk });
    return;
  }
  const interrupt = new AbortController();
  process.on("SIGINT", () => interrupt.abort(new Error("interrupted")));
  const report = await runScenarios(image, accelerator, places, commandLine, interrupt.signal);
  process.stdout.write(`${reportText(report)}\n`);
  if (!isSuccess(report)) {
    say(`what the host showed is in ${places.directory}`);
    process.exitCode = 1;
  }
}

try {
  await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
