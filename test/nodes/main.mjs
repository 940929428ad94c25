/**
 * `npm run test:node -- [VERSION]...`: the tests of units, of integration, and a part of those end to end, on other
 * versions of Node.js: 20.19, 22, 24 and 26, or those that are named. The results are kept in `test/support/results.json`,
 * of which the table of docs/host.md is made.
 */
import { delimiter, dirname } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { keepResult } from "../support/results.mjs";
import { installNode, NODE_VERSIONS } from "./install.mjs";

const VITEST = "node_modules/vitest/vitest.mjs";

/** A session with its network, its end, its recovery, and an operator's hands on it. */
const SMOKE = ["nodes", "network", "stop", "recovery", "exec", "publish", "llm"].map(
  (name) => `test/e2e/${name}.test.ts`,
);

/** The arguments of vitest for each part, in the order in which they run. @type {Record<string, string[]>} */
const PARTS = {
  unit: ["--project", "unit"],
  integration: ["--project", "integration"],
  smoke: SMOKE,
};

const USAGE = `Usage: npm run test:node -- [--only PART]... [VERSION]...
  VERSION  such as 24, or 22.12; default: each supported one
  PART     ${Object.keys(PARTS).join(", ")}; default: all of them`;

const { versions, parts } = readCommandLine();
/** @type {string[]} */
const verdicts = [];
/** @type {import("../support/results.mjs").Result[]} */
const results = [];
for (const version of versions) {
  const node = await installNode(version);
  const { stdout: exact } = await execa(node, ["--version"]);
  const env = { PATH: [dirname(node), process.env["PATH"]].join(delimiter) };
  const startedMs = performance.now();
  let isGood = true;
  for (const part of parts) {
    console.log(`\nnode ${exact}: ${part}`);
    const { exitCode } = await execa(node, [VITEST, "run", ...(PARTS[part] ?? [])], {
      ...{ env, stdio: "inherit", reject: false },
    });
    isGood &&= exitCode === 0;
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const result = isGood ? "passed" : "failed";
  verdicts.push(`node ${exact}: ${result} after ${seconds} s`);
  if (!isGood) process.exitCode = 1;
  results.push({
    ...{ kind: "node", version, result, seconds, date: new Date().toISOString().slice(0, 10) },
    versions: { node: exact.replace("v", ""), podman: await podmanVersion() },
    ...(parts.length < Object.keys(PARTS).length ? { tests: parts } : {}),
  });
}
// At the end: a test compares the table of docs/host.md with what is kept.
for (const result of results) verdicts.push(`  kept in ${await keepResult(result)}`);
console.log(`\n${verdicts.join("\n")}`);

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      options: { only: { type: "string", multiple: true, default: Object.keys(PARTS) } },
      allowPositionals: true,
    });
    if (positionals.some((word) => !/^\d+(\.\d+){0,2}$/.test(word))) throw new Error("not a version");
    if (values.only.some((part) => !(part in PARTS))) throw new Error("not a part");
    return {
      versions: positionals.length === 0 ? NODE_VERSIONS : positionals,
      parts: Object.keys(PARTS).filter((part) => values.only.includes(part)),
    };
  } catch {
    console.error(USAGE);
    process.exit(2);
  }
}

async function podmanVersion() {
  const { stdout } = await execa("podman", ["version", "--format", "{{.Client.Version}}"]);
  return stdout;
}
