/**
 * From samples to ratios.
 */
import { summarize } from "./statistics.mjs";

/** @typedef {import("./statistics.mjs").Summary} Summary */
/** @typedef {import("./rounds.mjs").Samples} Samples */

/**
 * One line of the report; also a contract: `--json` writes it as it is.
 *
 * @typedef {object} Result
 * @property {string} what
 * @property {string} against
 * @property {number} ratio Of the medians.
 * @property {number} goal What the ratio should not exceed.
 * @property {boolean} met
 * @property {Summary} ratio_by_round How the ratios of each single round spread.
 * @property {Summary} what_ms
 * @property {Summary} against_ms
 */

/**
 * @param {import("./measurements.mjs").Measured} measured
 * @returns {Result[]}
 */
export function resultsOf({ samples, ratios }) {
  return ratios.map(({ what, against, goal }) => {
    const ours = samplesOf(samples, what);
    const theirs = samplesOf(samples, against);
    const whatMs = summarize(ours);
    const againstMs = summarize(theirs);
    const ratio = whatMs.median / againstMs.median;
    const byRound = ours.map((durationMs, round) => durationMs / (theirs[round] ?? Number.NaN));
    return {
      what,
      against,
      ratio,
      goal,
      met: ratio <= goal,
      ratio_by_round: summarize(byRound),
      what_ms: whatMs,
      against_ms: againstMs,
    };
  });
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
