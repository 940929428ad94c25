/** Versions of Node.js beside the one that runs, from npm. */
import { access, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { containersEnvironment } from "../kit/containers-environment.mjs";

/** What agentd supports: its oldest release, and the newest of each line that Node.js supports. */
export const NODE_VERSIONS = ["20.19", "22", "24", "26"];

/**
 * Downloads a version once, to where the tests keep images.
 *
 * @param {string} version Such as `24` for the newest 24 that npm has.
 * @returns {Promise<string>} The path of its `node`. Throws what npm says where there is none.
 */
export async function installNode(version) {
  const nodes = join(containersEnvironment().cacheDirectory, "nodes");
  const directory = join(nodes, version);
  const program = join(directory, "node_modules", NODE_PACKAGE, "bin", "node");
  if (
    await access(program).then(
      () => true,
      () => false,
    )
  )
    return program;
  await mkdir(nodes, { recursive: true });
  const made = `${directory}.${process.pid}`;
  await mkdir(made);
  const options = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  await execa("npm", ["install", ...options, "--prefix", made, `${NODE_PACKAGE}@${version}`]);
  await rm(directory, { recursive: true, force: true });
  await rename(made, directory);
  return program;
}

/** What the package `node` installs here by a script, which newer versions of npm do not run unasked. */
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;
