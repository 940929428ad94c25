/**
 * `npm run test:node -- [VERSION]...`: the tests of units, of integration, and a part of those end to end, on other
 * versions of Node.js: 20.19, 22, 24 and 26, or those that are named.
 */
import { delimiter, dirname } from "node:path";
import { execa } from "execa";
import { installNode, NODE_VERSIONS } from "./install.mjs";

const VITEST = "node_modules/vitest/vitest.mjs";

/** A session with its network, its end, its recovery, and an operator's hands on it. */
const SMOKE = ["nodes", "network", "stop", "recovery", "exec", "publish", "llm"].map(
  (name) => `test/e2e/${name}.test.ts`,
);

const RUNS = [["--project", "unit", "--project", "integration"], SMOKE];

const named = process.argv.slice(2);
if (named.some((word) => !/^\d+(\.\d+){0,2}$/.test(word))) {
  console.error(
    "Usage: npm run test:node -- [VERSION]...   such as 24, or 22.12; default: each supported one",
  );
  process.exit(2);
}

/** @type {string[]} */
const verdicts = [];
for (const version of named.length === 0 ? NODE_VERSIONS : named) {
  const node = await installNode(version);
  const { stdout: exact } = await execa(node, ["--version"]);
  const env = { PATH: [dirname(node), process.env["PATH"]].join(delimiter) };
  const startedMs = performance.now();
  let isGood = true;
  for (const run of RUNS) {
    console.log(`\nnode ${exact}: vitest run ${run.join(" ")}`);
    const { exitCode } = await execa(node, [VITEST, "run", ...run], { env, stdio: "inherit", reject: false });
    isGood &&= exitCode === 0;
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  verdicts.push(`node ${exact}: ${isGood ? "passed" : "failed"} after ${seconds} s`);
  if (!isGood) process.exitCode = 1;
}
console.log(`\n${verdicts.join("\n")}`);
