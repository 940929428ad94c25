/**
 * The report as text.
 */

/** @typedef {import("./machine.mjs").Machine} Machine */
/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./statistics.mjs").Summary} Summary */

const HEADERS = ["MEASURED", "AGAINST", "FIGURE", "GOAL", "MET", "BY ROUND", "MEASURED MS", "AGAINST MS"];

/**
 * @param {readonly Result[]} results
 * @param {Machine} machine
 */
export function reportText(results, machine) {
  const facts = Object.entries(machine).map(([name, value]) => [name.replaceAll("_", " "), String(value)]);
  return [
    aligned([HEADERS, ...results.map(cells)]),
    "A figure without a unit is a ratio of medians. Spread is from the tenth to the ninetieth of a hundred.",
    aligned(facts),
  ].join("\n\n");
}

/** @param {Result} result */
function cells({ what, against, figure, unit, goal, met, spread }) {
  return [
    what,
    against,
    withUnit(figure.toFixed(2), unit),
    goal === null ? "" : withUnit(`<= ${goal.toFixed(1)}`, unit),
    met === null ? "" : met ? "yes" : "no",
    ...(spread === null
      ? []
      : [
          spreadText(spread.ratio_by_round, 2),
          spreadText(spread.what_ms, 1),
          spreadText(spread.against_ms, 1),
        ]),
  ];
}

/**
 * @param {string} number
 * @param {string} unit
 */
function withUnit(number, unit) {
  return `${number} ${unit}`.trimEnd();
}

/**
 * @param {Summary} summary
 * @param {number} digits
 */
function spreadText({ median, p10, p90 }, digits) {
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
