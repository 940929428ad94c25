/** The agents, from the npm registry into the tests' cache. Sessions have them from there, read-only. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { containersEnvironment } from "../kit/containers-environment.mjs";

const VERSIONS = fileURLToPath(new URL("cli/package.json", import.meta.url));

/** Where they are, once installed; the directory is named after their versions. */
export async function agentsDirectory() {
  const digest = createHash("sha256")
    .update(await readFile(VERSIONS))
    .digest("hex");
  return join(containersEnvironment().cacheDirectory, `agents-${digest.slice(0, 16)}`);
}

/** The version of one of them. @param {string} name Of its package. @returns {Promise<string>} */
export async function versionOf(name) {
  return JSON.parse(await readFile(VERSIONS, "utf8")).dependencies[name];
}

/** Installs them, unless they are there. Runs none of their scripts: each package brings its program along. */
export async function installAgents() {
  const directory = await agentsDirectory();
  if (existsSync(directory)) return;
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  await copyFile(VERSIONS, join(unfinished, "package.json"));
  const options = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  await execa("npm", ["install", ...options], { cwd: unfinished, stdio: "inherit" });
  await rename(unfinished, directory);
}
