/**
 * The table of measurements: a new one is a file of its own and a line here.
 */
import { bigRepository } from "./big-repository.mjs";
import { consolePages } from "./console.mjs";
import { events } from "./events.mjs";
import { llm } from "./llm.mjs";
import { memory } from "./memory.mjs";
import { network } from "./network.mjs";
import { output } from "./output.mjs";
import { placement } from "./placement.mjs";
import { planner } from "./planner.mjs";
import { records } from "./records.mjs";
import { redaction } from "./redaction.mjs";
import { session } from "./session.mjs";
import { soak } from "./soak.mjs";
import { start } from "./start.mjs";
import { throughput } from "./throughput.mjs";

/**
 * @typedef {object} Measurement
 * @property {string} name What `--only` calls it.
 * @property {number} rounds How many, when `--rounds` does not say.
 * @property {boolean} [isLong] Whether it is only run when `--only` names it.
 * @property {(workshop: import("./workshop.mjs").Workshop, options: Options) => Promise<Measured>} run
 */

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {(text: string) => void} progress
 * @property {AbortSignal} signal Aborted when nobody wants the result any more.
 */

/**
 * @typedef {object} Measured
 * @property {import("./rounds.mjs").Samples} samples
 * @property {readonly Ratio[]} [ratios] Default none.
 * @property {readonly Figure[]} [figures] Default none.
 */

/**
 * The median of `what` divided by that of `against`, both from the samples.
 *
 * @typedef {object} Ratio
 * @property {string} what Name of a contender.
 * @property {string} against Name of another.
 * @property {number | null} goal What the ratio is to be at most; null where nobody has set one.
 */

/**
 * Something that is measured for itself.
 *
 * @typedef {object} Figure
 * @property {string} what
 * @property {string} against What it is compared with; empty where it stands alone.
 * @property {number} value
 * @property {string} unit
 * @property {number | null} goal What the value is to be at most.
 */

/** @type {readonly Measurement[]} */
export const MEASUREMENTS = [
  memory,
  session,
  throughput,
  start,
  bigRepository,
  output,
  records,
  planner,
  placement,
  events,
  redaction,
  network,
  llm,
  consolePages,
  soak,
];
