/** A sandbox with one profile, for attacks that need a session. */
import { join } from "node:path";
import { createSandbox } from "../kit/agentd.mjs";
import { startGitServer } from "../kit/git-server.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../kit/images.mjs";
import { sessionContainersOf } from "../kit/podman.mjs";
import { readSession } from "../kit/records.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { until } from "../kit/until.mjs";

/** @typedef {import("../kit/agentd.mjs").Sandbox} Sandbox */

/** The profile's name. */
const PROFILE = "victim";
/** A slow machine at its slowest; only bounds how long a hang lasts. */
const LONG_MS = 180_000;

export class OneSession {
  #daemon;

  /**
   * Use `withOneSession`.
   *
   * @param {Sandbox} sandbox
   * @param {import("../kit/daemon.mjs").Daemon} daemon
   */
  constructor(sandbox, daemon) {
    this.sandbox = sandbox;
    this.#daemon = daemon;
  }

  /** Its containers that run sessions. */
  async containers() {
    const { instance } = this.#daemon;
    if (instance === undefined) throw new Error("the daemon has no instance");
    return await sessionContainersOf(this.sandbox.containers, instance);
  }

  /** Kills the daemon, as a crash does. */
  async killDaemon() {
    await this.#daemon.kill();
  }

  /** Starts another one in the same places. */
  async startDaemonAgain() {
    this.#daemon = await this.sandbox.startDaemon();
  }

  /** Starts a session. @returns {Promise<string>} Its id. */
  async start() {
    const { exitCode, stdout, stderr } = await this.sandbox.run(["run", PROFILE, "--detach"]);
    if (exitCode !== 0) throw new Error(`run exited ${exitCode}: ${stderr}`);
    return stdout.toString().trim();
  }

  /** Directory of its record. @param {string} id */
  record(id) {
    return join(this.sandbox.auditRoot, PROFILE, id);
  }

  /** Resolves once its command runs. @param {string} id */
  async running(id) {
    const isRunning = async () => (await this.sandbox.runJson(["show", id, "--json"])).state === "running";
    await until(`the command of session ${id}`, isRunning, { timeoutMs: LONG_MS });
  }

  /** Waits for its end. @param {string} id @returns {Promise<any>} The document. */
  async ended(id) {
    await this.sandbox.run(["wait", id], { timeoutMs: LONG_MS });
    return await readSession(this.record(id));
  }
}

/**
 * Lends out a daemon with one profile, and ends and removes everything whatever happens.
 *
 * @template T
 * @param {{ script: string, files?: import("../kit/files.mjs").Files, profile?: (sandbox: Sandbox) => object, prepare?: (repository: string) => Promise<unknown> }} setting
 *   What the session runs, files of its repository, further keys of its profile, and what else is done to the bare
 *   repository.
 * @param {(session: OneSession) => Promise<T>} use
 */
export async function withOneSession(
  { script, files = {}, profile = () => ({}), prepare = async () => {} },
  use,
) {
  const sandbox = await createSandbox();
  const repositories = join(sandbox.directory, "repositories");
  const server = await startGitServer(repositories);
  try {
    const repository = join(repositories, "small.git");
    await makeRepository(repository, { files: { "README.md": "# Small\n", ...files } });
    await prepare(repository);
    const base_image = await ensureBusyboxImage(sandbox.containers, BUSYBOX);
    const repo = `${server.url}/small.git`;
    await sandbox.writeConfig({
      profiles: [
        { name: PROFILE, base_image, repo, command: ["/bin/sh", "-c", script], ...profile(sandbox) },
      ],
    });
    return await use(new OneSession(sandbox, await sandbox.startDaemon()));
  } finally {
    await server.close();
    await sandbox.close();
  }
}
