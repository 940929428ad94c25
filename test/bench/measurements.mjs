/**
 * The table of measurements: a new one is a file of its own and a line here.
 */
import { session } from "./session.mjs";
import { start } from "./start.mjs";

/**
 * @typedef {object} Measurement
 * @property {string} name What `--only` calls it.
 * @property {number} rounds How many, when `--rounds` does not say.
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
 * @property {readonly Ratio[]} ratios
 */

/**
 * A goal: the median of `what` divided by that of `against` is to be at most this.
 *
 * @typedef {object} Ratio
 * @property {string} what Name of a contender.
 * @property {string} against Name of another.
 * @property {number} goal
 */

/** @type {readonly Measurement[]} */
export const MEASUREMENTS = [session, start];
