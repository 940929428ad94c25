/**
 * `npm run chaos`: kills what a session lives on, at every step of its life, and checks that nothing accepted is lost
 * and nothing runs twice. Exits 1 when anything came out wrong.
 */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { openGround } from "./arena.mjs";
import { tryCell } from "./cell.mjs";
import { readCommandLine, USAGE } from "./command-line.mjs";
import { killAtRandom } from "./random-kills.mjs";
import { cellText, isRight, reportText } from "./report.mjs";
import { restartOften } from "./restarts.mjs";

/** @typedef {import("./arena.mjs").Ground} Ground */
/** @typedef {import("./command-line.mjs").CommandLine} CommandLine */

/** What commands leave with, in turn: three outcomes. */
const EXIT_CODES = [0, 5, 6];

/**
 * @param {Ground} ground
 * @param {CommandLine} commandLine
 */
async function tryTable(ground, { rows, victims, jobs }) {
  const wanted = rows.flatMap((row) => victims.map((victim) => ({ row, victim })));
  const waiting = wanted.entries();
  /** @type {import("./cell.mjs").Cell[]} */
  const cells = [];
  const workThrough = async () => {
    for (const [index, { row, victim }] of waiting) {
      const cell = await tryCell(ground, row, victim, EXIT_CODES[index % EXIT_CODES.length] ?? 0);
      cells[index] = cell;
      if (cell.exit_code !== null) say(cellText(cell));
    }
  };
  await Promise.all(Array.from({ length: jobs }, workThrough));
  return cells;
}

/**
 * @param {Ground} ground
 * @param {CommandLine} commandLine
 */
async function wreak(ground, commandLine) {
  const { minutes, restarts, jsonFile } = commandLine;
  const report = {
    cells: await tryTable(ground, commandLine),
    random_kills: minutes === 0 ? null : await killAtRandom(ground, minutes),
    restarts: restarts === 0 ? null : await restartOften(ground, restarts, say),
  };
  process.stdout.write(`${reportText(report)}\n`);
  if (jsonFile !== undefined) {
    await writeFile(jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
    say(`wrote ${resolve(jsonFile)}`);
  }
  if (!isRight(report)) process.exitCode = 1;
}

/** @param {CommandLine} commandLine */
async function main(commandLine) {
  const { ground, close } = await openGround(commandLine.warm);
  try {
    await wreak(ground, commandLine);
  } finally {
    await close();
  }
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`chaos: ${text}\n`);
}

try {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine === "help") process.stdout.write(USAGE);
  else await main(commandLine);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
