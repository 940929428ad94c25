/**
 * Two sessions of one operator: one passes descriptors of its directories to the other and ends; the other keeps
 * putting links to a directory of the host where directories were, while agentd works on them.
 */
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { createSandbox } from "../kit/agentd.mjs";
import { startGitServer } from "../kit/git-server.mjs";
import { ensureDebianGitImage } from "../kit/images.mjs";
import { readOutput, readSession } from "../kit/records.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { until } from "../kit/until.mjs";

/**
 * How descriptors go from one session to the other: a socket in a directory that both mount, or an abstract socket in
 * the host's network.
 *
 * @typedef {"mount" | "abstract"} Channel
 */
/** @typedef {"repo" | "home" | "runa"} Passed Which directory of the session. */

/** @type {readonly Channel[]} */
export const CHANNELS = ["mount", "abstract"];

const INTRUDER = fileURLToPath(new URL("intruder.pl", import.meta.url));
/** A slow machine at its slowest; only bounds how long a hang lasts. */
const LONG_MS = 180_000;

export class TwoSessions {
  #victim;
  #shared;
  #before = "";

  /** @param {import("../kit/agentd.mjs").Sandbox} sandbox Use `withTwoSessions`. */
  constructor(sandbox) {
    this.sandbox = sandbox;
    this.#victim = join(sandbox.directory, "victim");
    this.#shared = join(sandbox.directory, "shared");
  }

  /**
   * Starts the daemon and the session that takes descriptors.
   *
   * @param {Channel} channel
   * @param {string} repositoryUrl
   */
  async start(channel, repositoryUrl) {
    await this.#makeVictim();
    await mkdir(this.#shared);
    const address = channel === "abstract" ? `@${this.sandbox.directory}` : "/shared/socket";
    const profile = {
      base_image: await ensureDebianGitImage(this.sandbox.containers),
      repo: repositoryUrl,
      network: channel === "abstract" ? "host" : "none",
      mounts: [
        { source: this.#shared, target: "/shared" },
        { source: INTRUDER, target: "/intruder.pl", read_only: true },
      ],
    };
    const perl = ["perl", "/intruder.pl"];
    await this.sandbox.writeConfig({
      profiles: [
        { name: "passes", command: [...perl, "pass", address], ...profile },
        { name: "holds", command: [...perl, "hold", address, this.#victim], ...profile },
      ],
    });
    await this.sandbox.startDaemon();
    const holder = await this.#run("holds");
    await this.#untilPrinted(holder, "listening");
  }

  /**
   * Runs a session that passes descriptors, to its sealed record.
   *
   * @param {readonly Passed[]} passed
   * @returns {Promise<string>} Its id.
   */
  async pass(passed) {
    const id = await this.#run("passes", passed.join());
    const { exitCode, stderr } = await this.sandbox.run(["wait", id], { timeoutMs: LONG_MS });
    if (exitCode !== 0) throw new Error(`the session that passes descriptors exited ${exitCode}: ${stderr}`);
    return id;
  }

  /** The other session begins to put links, wherever it has descriptors. */
  async letSwap() {
    await writeFile(join(this.#shared, "go"), "");
  }

  /** It leaves alone what it gets from now on. */
  async holdSwap() {
    await rm(join(this.#shared, "go"), { force: true });
  }

  /** What of the victim is not as it was; empty when all is. */
  async harm() {
    const now = await describeTree(this.#victim);
    if (now === this.#before) return [];
    // An attack may have closed them.
    await execa("chmod", ["-R", "u+rwX", this.#victim]);
    await rm(this.#victim, { recursive: true });
    await this.#makeVictim();
    return [`files of the host were touched:\n${difference(this.#before, now)}`];
  }

  async #makeVictim() {
    for (const directory of [".", "inner", "deeper/inner"]) {
      await mkdir(join(this.#victim, directory), { recursive: true });
      for (const name of ["file", "key"])
        await writeFile(join(this.#victim, directory, name), "of the host\n", {
          mode: name === "key" ? 0o600 : 0o644,
        });
    }
    this.#before = await describeTree(this.#victim);
  }

  /**
   * @param {string} profile
   * @param {string} [workUnit]
   */
  async #run(profile, workUnit) {
    const unit = workUnit === undefined ? [] : ["--work-unit", workUnit];
    const { exitCode, stdout, stderr } = await this.sandbox.run(["run", profile, "--detach", ...unit]);
    if (exitCode !== 0) throw new Error(`run ${profile} exited ${exitCode}: ${stderr}`);
    return stdout.toString().trim();
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  async #untilPrinted(id, text) {
    const record = join(this.sandbox.auditRoot, "holds", id);
    await until(
      `"${text}" from session ${id}`,
      async () => {
        const { outcome } = await readSession(record);
        if (outcome !== null)
          throw new Error(`it ended as ${outcome}: ${await readOutput(record, "stderr")}`);
        return (await readOutput(record, "stdout").catch(() => "")).includes(text);
      },
      { timeoutMs: LONG_MS },
    );
  }
}

/**
 * Lends out two sessions, and ends and removes everything whatever happens.
 *
 * @template T
 * @param {Channel} channel
 * @param {(sessions: TwoSessions) => Promise<T>} use
 */
export async function withTwoSessions(channel, use) {
  const sandbox = await createSandbox();
  const repositories = join(sandbox.directory, "repositories");
  const server = await startGitServer(repositories);
  try {
    await makeRepository(join(repositories, "small.git"));
    const sessions = new TwoSessions(sandbox);
    await sessions.start(channel, `${server.url}/small.git`);
    return await use(sessions);
  } finally {
    await server.close();
    await sandbox.close();
  }
}

/** One line for each entry: path, kind and mode, content. @param {string} root */
async function describeTree(root) {
  const paths = (await readdir(root, { recursive: true })).sort();
  const lines = [".", ...paths].map(async (path) => {
    const stats = await lstat(join(root, path));
    const content = stats.isFile() ? await readFile(join(root, path), "utf8").catch(String) : "";
    return `${path} ${stats.mode.toString(8)} ${content.trim()}`;
  });
  return (await Promise.all(lines)).join("\n");
}

/**
 * @param {string} before
 * @param {string} now
 */
function difference(before, now) {
  const [old, young] = [before.split("\n"), now.split("\n")];
  const gone = old.filter((line) => !young.includes(line)).map((line) => `- ${line}`);
  return [...gone, ...young.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)].join("\n");
}
