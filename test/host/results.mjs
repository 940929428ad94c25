/**
 * What the latest runs on each release of Debian have shown: `results/SUITE.json`, and the table made from them.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @typedef {import("./report.mjs").Report} Report */
/** @typedef {import("./guest/scenario.mjs").Facts} Facts */

/**
 * The latest result of one scenario.
 *
 * @typedef {object} Result
 * @property {string} date
 * @property {"passed" | "failed"} state
 * @property {number} seconds
 * @property {Facts} [facts]
 */

/**
 * All results that stand for one host.
 *
 * @typedef {object} Results
 * @property {string} suite
 * @property {Record<string, string>} host Versions, as the host tells them.
 * @property {Record<string, Result>} scenarios By name.
 */

/** @param {string} suite */
export function resultsFile(suite) {
  return fileURLToPath(new URL(`results/${suite}.json`, import.meta.url));
}

/** @param {string} suite @returns {Results | undefined} Undefined before the first run is recorded. */
export function readResults(suite) {
  try {
    return JSON.parse(readFileSync(resultsFile(suite), "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/** What has to be the same for results to stand for the same host. */
const IDENTITY = ["system", "kernel", "systemd", "selinux", "podman", "runtime", "network", "node"];

/**
 * Adds a run to the earlier ones on the same host. Those on another one, as after an update of Debian, are forgotten.
 *
 * @param {Results | undefined} earlier
 * @param {Report} report
 * @returns {Results}
 */
export function withReport(earlier, { suite, date, host, scenarios }) {
  const isSame = IDENTITY.every((name) => earlier?.host[name] === host[name]);
  /** @type {Record<string, Result>} */
  const results = isSame ? { ...earlier?.scenarios } : {};
  for (const { name, state, seconds, facts } of scenarios) {
    if (state === "not run") continue;
    const measured = Object.keys(facts).length === 0 ? {} : { facts };
    results[name] = { date, state, seconds: Math.round(seconds * 10) / 10, ...measured };
  }
  return { suite, host, scenarios: results };
}

const COLUMNS = [
  ...["host", "kernel", "systemd", "SELinux", "Podman", "runtime", "network", "Node.js"],
  ...["date", "time", "scenarios"],
];

/**
 * The table of docs/host.md, in Markdown.
 *
 * @param {readonly Results[]} all
 * @param {(suite: string) => readonly string[]} names Of all scenarios that there are for a release.
 */
export function tableOf(all, names) {
  const rows = all.map(({ suite, host, scenarios }) => [
    `Debian ${suite}`,
    ...[host["kernel"], versionIn(host["systemd"]), host["selinux"]?.split(",")[0]?.toLowerCase()],
    versionIn(host["podman"]),
    ...[host["runtime"]?.replace(" version", ""), host["network"], versionIn(host["node"])],
    ...[datesOf(scenarios), timeOf(scenarios), verdictOf(scenarios, names(suite))],
  ]);
  return [COLUMNS, COLUMNS.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** @param {string | undefined} text Such as `podman version 5.4.2`. */
function versionIn(text = "") {
  return /\d+(\.\d+)*/.exec(text)?.[0] ?? text;
}

/** From the oldest result to the newest. @param {Results["scenarios"]} scenarios */
function datesOf(scenarios) {
  const dates = Object.values(scenarios).map(({ date }) => date);
  return [...new Set(dates.sort())]
    .filter((_, index, { length }) => index === 0 || index === length - 1)
    .join(" to ");
}

/** What the scenarios took, without the boots. @param {Results["scenarios"]} scenarios */
function timeOf(scenarios) {
  const seconds = Object.values(scenarios).reduce((sum, scenario) => sum + scenario.seconds, 0);
  return `${Math.ceil(seconds / 60)} min`;
}

/** @param {Results["scenarios"]} scenarios @param {readonly string[]} names */
function verdictOf(scenarios, names) {
  const passed = names.filter((name) => scenarios[name]?.state === "passed");
  const failed = names.filter((name) => scenarios[name]?.state === "failed");
  const missing = names.filter((name) => scenarios[name] === undefined);
  return [
    `${passed.length} of ${names.length} passed`,
    ...(failed.length === 0 ? [] : [`failed: ${failed.join(", ")}`]),
    ...(missing.length === 0 ? [] : [`${missing.length} not run`]),
  ].join("; ");
}

const BEGINNING = "<!-- made by test/host/record.mjs from test/host/results -->\n\n";
const END = "\n\n<!-- end of what is made -->";

/** The table that a page has, or undefined. @param {string} page */
export function tableIn(page) {
  const [, rest] = page.split(BEGINNING);
  return rest?.split(END)[0];
}

/** The page with another table in the place of its own. @param {string} page @param {string} table */
export function withTable(page, table) {
  const old = tableIn(page);
  if (old === undefined) throw new Error("the page has no place for the table");
  return page.replace(`${BEGINNING}${old}${END}`, () => `${BEGINNING}${table}${END}`);
}
