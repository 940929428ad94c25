/**
 * The report as text.
 */
import { VICTIMS } from "./expectations.mjs";

/** @typedef {import("./cell.mjs").Cell} Cell */
/** @typedef {import("./expectations.mjs").Victim} Victim */
/** @typedef {import("./random-kills.mjs").RandomKills} RandomKills */
/** @typedef {import("./restarts.mjs").Restarts} Restarts */

/**
 * Everything that was tried; also a contract: `--json` writes it as it is.
 *
 * @typedef {object} Report
 * @property {readonly Cell[]} cells
 * @property {RandomKills | null} random_kills
 * @property {Restarts | null} restarts
 */

/** @param {Report} report */
export function isRight({ cells, random_kills: kills, restarts }) {
  const all = [...cells, ...[kills, restarts].filter((part) => part !== null)];
  return all.every(({ wrong, leaks }) => wrong.length === 0 && leaks.length === 0);
}

/** @param {Report} report */
export function reportText({ cells, random_kills: kills, restarts }) {
  return [
    tableText(cells),
    sums(cells),
    ...(kills === null ? [] : [killsText(kills)]),
    ...(restarts === null ? [] : [restartsText(restarts)]),
  ].join("\n\n");
}

/**
 * One line for a cell, also while the others are tried.
 *
 * @param {Cell} cell
 */
export function cellText({ label, victim, expected, fate, wrong, leaks }) {
  const verdict = wrong.length === 0 ? "right" : `WRONG, not ${expected.join(" or ")}: ${wrong.join("; ")}`;
  return `${label} x ${victim}: ${fate}: ${[verdict, ...leaks].join("\n    ")}`;
}

/** @param {readonly Cell[]} cells */
function tableText(cells) {
  const victims = /** @type {Victim[]} */ (Object.keys(VICTIMS)).filter((victim) =>
    cells.some((cell) => cell.victim === victim),
  );
  const labels = [...new Set(cells.map(({ label }) => label))];
  const rows = labels.map((label) => [
    label,
    ...victims.map((victim) => entry(cells.find((cell) => cell.label === label && cell.victim === victim))),
    String(cells.filter((cell) => cell.label === label).flatMap(({ leaks }) => leaks).length),
  ]);
  return aligned([["LABEL", ...victims.map((victim) => VICTIMS[victim]), "LEAKS"], ...rows]);
}

/** @param {Cell | undefined} cell */
function entry(cell) {
  if (cell === undefined) return "";
  if (cell.exit_code === null) return "-";
  const fate = cell.fate === "command" ? `exit ${cell.exit_code}` : cell.fate;
  return [cell.wrong.length > 0 ? "WRONG:" : "", fate, cell.hit ? "" : "(not hit)"].filter(Boolean).join(" ");
}

/** @param {readonly Cell[]} cells */
function sums(cells) {
  const tried = cells.filter(({ exit_code: code }) => code !== null);
  const wrong = cells.filter((cell) => cell.wrong.length > 0);
  return [
    `${tried.length} cells tried, ${tried.filter(({ hit }) => hit).length} labels hit, ${wrong.length} wrong, ` +
      `${cells.flatMap(({ leaks }) => leaks).length} leaks; most starts of one command: ${Math.max(0, ...cells.map(({ starts }) => starts))}.`,
    "exit N: as if nothing had happened, the command's own code. -: there is no such victim at this label.",
    ...wrong.map(cellText),
  ].join("\n");
}

/** @param {RandomKills} kills */
function killsText({ minutes, daemon_kills, service_kills, sessions, fates, leaks, wrong }) {
  const came = Object.entries(fates).map(([fate, count]) => `${count} ${fate}`);
  return [
    `Random kills, ${minutes} min: ${daemon_kills} of the daemon, ${service_kills} of the service; ${sessions} sessions: ${came.join(", ")}; ${leaks.length} leaks.`,
    ...[...wrong, ...leaks].map((line) => `WRONG: ${line}`),
  ].join("\n");
}

/** @param {Restarts} restarts */
function restartsText({ restarts, starts, first_process, outcome, leaks, wrong }) {
  return [
    `${restarts} restarts after kill -9: command started ${starts} time(s), first process (pid, start time) ${first_process}, outcome ${outcome}, ${leaks.length} leaks.`,
    ...[...wrong, ...leaks].map((line) => `WRONG: ${line}`),
  ].join("\n");
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
