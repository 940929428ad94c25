/**
 * The report as text.
 */

/** @typedef {import("./machine.mjs").Machine} Machine */
/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./statistics.mjs").Summary} Summary */

const HEADERS = ["MEASURED", "AGAINST", "RATIO", "GOAL", "MET", "BY ROUND", "MEASURED MS", "AGAINST MS"];

/**
 * @param {readonly Result[]} results
 * @param {Machine} machine
 */
export function reportText(results, machine) {
  const facts = Object.entries(machine).map(([name, value]) => [name.replaceAll("_", " "), String(value)]);
  return [
    aligned([HEADERS, ...results.map(cells)]),
    "Ratios are of medians. Spread is from the tenth to the ninetieth of a hundred.",
    aligned(facts),
  ].join("\n\n");
}

/** @param {Result} result */
function cells({ what, against, ratio, goal, met, ratio_by_round, what_ms, against_ms }) {
  return [
    what,
    against,
    ratio.toFixed(2),
    `<= ${goal.toFixed(1)}`,
    met ? "yes" : "no",
    spread(ratio_by_round, 2),
    spread(what_ms, 1),
    spread(against_ms, 1),
  ];
}

/**
 * @param {Summary} summary
 * @param {number} digits
 */
function spread({ median, p10, p90 }, digits) {
  return `${median.toFixed(digits)} (${p10.toFixed(digits)} to ${p90.toFixed(digits)})`;
}

/** @param {readonly (readonly string[])[]} rows */
function aligned(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (/** @type {readonly string[]} */ row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}
