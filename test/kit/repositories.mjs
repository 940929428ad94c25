/**
 * Git repositories to clone from, made on the spot.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { writeFiles } from "./files.mjs";

/** @typedef {import("./files.mjs").Files} Files */

/** Git without any user's configuration, and with one author and time for all commits. */
const GIT_ENVIRONMENT = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_AUTHOR_DATE: "2025-01-01T12:00:00Z",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
  GIT_COMMITTER_DATE: "2025-01-01T12:00:00Z",
};

/**
 * Runs git in a directory and gives what it prints.
 *
 * @param {string} directory
 * @param {readonly string[]} args
 */
export async function git(directory, args) {
  const { stdout } = await execa("git", args, { cwd: directory, env: GIT_ENVIRONMENT });
  return stdout;
}

/**
 * Makes a bare repository with one commit.
 *
 * @param {string} path Where, such as `/tmp/x/demo.git`; must not exist yet.
 * @param {{ files?: Files, branch?: string, message?: string }} [options]
 * @returns {Promise<string>} The id of the commit.
 */
export async function makeRepository(path, options = {}) {
  const { files = { "README.md": "# Demo\n" }, branch = "main", message = "Start" } = options;
  await git("/", ["init", "--quiet", "--bare", `--initial-branch=${branch}`, path]);
  return commit(path, { files, branch, message });
}

/**
 * Adds a commit to a branch of a bare repository; a branch that does not exist yet starts from the default branch.
 *
 * @param {string} path Of the bare repository.
 * @param {{ files: Files, branch: string, message?: string }} options `files` are added to what is there.
 * @returns {Promise<string>} The id of the commit.
 */
export async function commit(path, { files, branch, message = "Go on" }) {
  const parent = await mkdtemp(join(tmpdir(), "agentd-repository-"));
  const tree = join(parent, "tree");
  try {
    await git(parent, ["clone", "--quiet", path, tree]);
    const known = await git(tree, ["branch", "--remotes", "--list", `origin/${branch}`]);
    if (known !== "") await git(tree, ["checkout", "--quiet", branch]);
    else await git(tree, ["checkout", "--quiet", "-B", branch]);
    await writeFiles(tree, files);
    await git(tree, ["add", "--all"]);
    await git(tree, ["commit", "--quiet", "--message", message]);
    await git(tree, ["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`]);
    return await git(tree, ["rev-parse", "HEAD"]);
  } finally {
    await rm(parent, { recursive: true });
  }
}
