/**
 * The middle of `values` and how far they spread, as numbers of the list (or means of two neighbours).
 *
 * @typedef {object} Summary
 * @property {number} median
 * @property {number} p10 One value in ten is smaller.
 * @property {number} p90 One value in ten is greater.
 */

/**
 * @param {readonly number[]} values At least one.
 * @returns {Summary}
 */
export function summarize(values) {
  return { median: quantile(values, 0.5), p10: quantile(values, 0.1), p90: quantile(values, 0.9) };
}

/**
 * Interpolates linearly between the two nearest values.
 *
 * @param {readonly number[]} values At least one.
 * @param {number} q From 0 to 1.
 */
function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new Error("there is no quantile of nothing");
  return below + (above - below) * (position - Math.floor(position));
}
