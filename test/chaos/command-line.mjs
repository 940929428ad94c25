import { parseArgs } from "node:util";
import { EXPECTATIONS, isAboutWaiting, VICTIMS } from "./expectations.mjs";

/** @typedef {import("./expectations.mjs").Row} Row */
/** @typedef {import("./expectations.mjs").Victim} Victim */

/**
 * @typedef {object} CommandLine
 * @property {readonly Row[]} rows
 * @property {readonly Victim[]} victims
 * @property {number} minutes Of random kills; 0 for none.
 * @property {number} restarts 0 for none.
 * @property {number} jobs Cells at once.
 * @property {import("./arena.mjs").Warm | undefined} warm Undefined: as the daemon has it.
 * @property {string | undefined} jsonFile
 */

const MINUTES = 2;
const RESTARTS = 200;
const JOBS = 2;

const ALL_VICTIMS = /** @type {Victim[]} */ (Object.keys(VICTIMS));

export const USAGE = `npm run chaos -- [--only LABEL[,LABEL]] [--victim NAME[,NAME]] [--minutes N] [--restarts N] [--jobs N] [--warm off|auto]
                 [--json FILE]

  --only LABEL   only these rows of the table: ${EXPECTATIONS.map(({ label }) => label).join(", ")}
  --victim NAME  only these columns: ${ALL_VICTIMS.join(", ")}
  --minutes N    how long to kill at random (${MINUTES}; with --only or --victim 0)
  --restarts N   how often to restart with a session running (${RESTARTS}; with --only or --victim 0)
  --jobs N       cells at once (${JOBS})
  --warm WHETHER whether containers wait for sessions, as \`daemon.warm\`; with off, without the rows that are about those
  --json FILE    also write everything to this file
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
      victim: { type: "string", multiple: true, default: [] },
      minutes: { type: "string" },
      restarts: { type: "string" },
      jobs: { type: "string", default: String(JOBS) },
      warm: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  const warm = whether(values.warm);
  const rows = EXPECTATIONS.filter((row) => warm !== "off" || !isAboutWaiting(row));
  const labels = rows.map(({ label }) => label);
  const only = chosen("label", values.only, labels);
  const victims = chosen("victim", values.victim, ALL_VICTIMS);
  const isWhole = only.length === labels.length && victims.length === ALL_VICTIMS.length;
  return {
    rows: rows.filter(({ label }) => only.includes(label)),
    victims,
    minutes: count("--minutes", values.minutes ?? String(isWhole ? MINUTES : 0)),
    restarts: count("--restarts", values.restarts ?? String(isWhole ? RESTARTS : 0)),
    jobs: Math.max(1, count("--jobs", values.jobs)),
    warm,
    jsonFile: values.json,
  };
}

/** @param {string | undefined} text */
function whether(text) {
  if (text === undefined || text === "off" || text === "auto") return text;
  throw new Error("--warm takes off or auto");
}

/**
 * All of them where none is named.
 *
 * @template {string} T
 * @param {string} what
 * @param {readonly string[]} options
 * @param {readonly T[]} known
 */
function chosen(what, options, known) {
  const names = options.flatMap((option) => option.split(","));
  const unknown = names.find((name) => !known.some((each) => each === name));
  if (unknown !== undefined) throw new Error(`there is no ${what} ${unknown}; there is ${known.join(", ")}`);
  return known.filter((each) => names.length === 0 || names.includes(each));
}

/**
 * @param {string} option
 * @param {string} text
 */
function count(option, text) {
  if (!/^\d{1,5}$/.test(text)) throw new Error(`${option} takes a whole number`);
  return Number(text);
}
