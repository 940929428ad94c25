/**
 * `node test/host/record.mjs REPORT...`: keeps what runs have shown (`npm run test:host -- --json REPORT`), and makes the table
 * of docs/host.md anew.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { SUITES } from "./image/definition.mjs";
import { readResults, resultsFile, tableOf, withReport, withTable } from "./results.mjs";
import { scenariosOf } from "./suites.mjs";

const PAGE = fileURLToPath(new URL("../../docs/host.md", import.meta.url));

for (const file of process.argv.slice(2)) {
  /** @type {import("./report.mjs").Report} */
  const report = JSON.parse(await readFile(file, "utf8"));
  const results = withReport(readResults(report.suite), report);
  await mkdir(dirname(resultsFile(report.suite)), { recursive: true });
  await writeFile(resultsFile(report.suite), `${JSON.stringify(results, undefined, 2)}\n`);
}
const all = Object.keys(SUITES).flatMap((suite) => readResults(suite) ?? []);
/** @param {string} suite */
const names = (suite) => scenariosOf(suite).map(({ name }) => name);
await writeFile(PAGE, withTable(await readFile(PAGE, "utf8"), tableOf(all, names)));
