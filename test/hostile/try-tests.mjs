/** Runs the tests that try hostile inputs, all in one run. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** @typedef {import("./inputs.mjs").Input} Input */
/** @typedef {{ file: string, name: string, passed: boolean, message: string }} Tried A test below `test/` that ran. */

const TESTS = fileURLToPath(new URL("..", import.meta.url));
const VITEST = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

/** @param {readonly Input[]} inputs @returns {Promise<readonly Tried[]>} */
export async function tryTests(inputs) {
  const files = new Set(inputs.flatMap(({ tests }) => Object.keys(tests)));
  const titles = new Set(inputs.flatMap(({ tests }) => Object.values(tests).flat()));
  if (files.size === 0) return [];
  const directory = await mkdtemp(join(tmpdir(), "agentd-hostile-"));
  try {
    const report = join(directory, "report.json");
    const pattern = [...titles].map((title) => title.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const paths = [...files].map((file) => join(TESTS, file));
    // What it prints on the way is no result.
    const { stderr } = process;
    const { exitCode } = await execa(
      process.execPath,
      [VITEST, "run", ...reporters, "-t", pattern, ...paths],
      {
        stdin: "ignore",
        stdout: stderr,
        stderr,
        reject: false,
      },
    );
    const text = await readFile(report, "utf8").catch(() => undefined);
    if (text === undefined) throw new Error(`the tests could not be run: vitest exited ${exitCode}`);
    return triedIn(JSON.parse(text));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * What came out wrong of one input.
 *
 * @param {Input} input
 * @param {readonly Tried[]} tried
 * @returns {string[]}
 */
export function wrongOf({ tests }, tried) {
  return Object.entries(tests).flatMap(([file, titles]) =>
    titles.flatMap((title) => {
      const found = tried.filter((each) => each.file === file && each.name.includes(title));
      if (found.length === 0) return [`no test of ${file} ran that is called ${JSON.stringify(title)}`];
      return found.flatMap(({ name, passed, message }) => (passed ? [] : [`${file}: ${name}: ${message}`]));
    }),
  );
}

/** How many tests tried it. @param {Input} input @param {readonly Tried[]} tried */
export function countOf({ tests }, tried) {
  return tried.filter(({ file, name }) => tests[file]?.some((title) => name.includes(title))).length;
}

/** @param {any} report Vitest's, as JSON. @returns {Tried[]} */
function triedIn(report) {
  return report.testResults.flatMap((/** @type {any} */ { name: path, assertionResults, message }) => {
    const file = relative(TESTS, path);
    const tried = assertionResults.flatMap((/** @type {any} */ each) =>
      each.status === "passed" || each.status === "failed"
        ? [
            {
              file,
              name: each.fullName,
              passed: each.status === "passed",
              message: each.failureMessages?.[0]?.split("\n")[0] ?? "",
            },
          ]
        : [],
    );
    // A file that could not be loaded has no tests.
    return message && tried.length === 0 ? [{ file, name: "", passed: false, message }] : tried;
  });
}
