/**
 * From what was measured to lines of the report.
 */
import { summarize } from "./statistics.mjs";

/** @typedef {import("./measurements.mjs").Measured} Measured */
/** @typedef {import("./statistics.mjs").Summary} Summary */
/** @typedef {import("./rounds.mjs").Samples} Samples */

/**
 * One line of the report; also a contract: `--json` writes it as it is.
 *
 * @typedef {object} Result
 * @property {string} what
 * @property {string} against Empty where the figure stands alone.
 * @property {number} figure Of the medians where it is a ratio.
 * @property {string} unit Empty for a ratio.
 * @property {number | null} goal What the figure should not exceed.
 * @property {boolean | null} met
 * @property {Spread | null} spread Where the figure is a ratio of samples.
 */

/**
 * @typedef {object} Spread
 * @property {Summary} ratio_by_round How the ratios of each single round spread.
 * @property {Summary} what_ms
 * @property {Summary} against_ms
 */

/**
 * @param {Measured} measured
 * @returns {Result[]}
 */
export function resultsOf({ samples, ratios = [], figures = [] }) {
  return [
    ...ratios.map(({ what, against, goal }) => {
      const spread = spreadOf(samplesOf(samples, what), samplesOf(samples, against));
      const figure = spread.what_ms.median / spread.against_ms.median;
      return { what, against, figure, unit: "", goal, met: isMet(figure, goal), spread };
    }),
    ...figures.map(({ value, goal, ...rest }) => {
      return { ...rest, figure: value, goal, met: isMet(value, goal), spread: null };
    }),
  ];
}

/**
 * @param {number} figure
 * @param {number | null} goal
 */
function isMet(figure, goal) {
  return goal === null ? null : figure <= goal;
}

/**
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 * @returns {Spread}
 */
function spreadOf(ours, theirs) {
  const byRound = ours.map((durationMs, round) => durationMs / (theirs[round] ?? Number.NaN));
  return {
    ratio_by_round: summarize(byRound),
    what_ms: summarize(ours),
    against_ms: summarize(theirs),
  };
}

/**
 * @param {Samples} samples
 * @param {string} name
 */
function samplesOf(samples, name) {
  const found = samples[name];
  if (found === undefined) throw new Error(`nobody took samples of ${name}`);
  return found;
}
