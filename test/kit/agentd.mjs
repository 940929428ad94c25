/**
 * The built agentd in a sandbox: state, cache, configuration, home and socket of its own, on the kit's Podman.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "@iarna/toml";
import { execa } from "execa";
import { prepareContainersEnvironment } from "./containers-environment.mjs";
import { Daemon } from "./daemon.mjs";
import { removeContainersOf, removeVolumesOf } from "./podman.mjs";
import { withWarm } from "./warm.mjs";

/** @typedef {import("./containers-environment.mjs").ContainersEnvironment} ContainersEnvironment */
/** @typedef {import("@iarna/toml").JsonMap} JsonMap */
/** @typedef {Record<string, string | undefined>} Variables */

/**
 * What a command did.
 *
 * @typedef {object} Result
 * @property {number | undefined} exitCode Undefined when a signal ended it.
 * @property {string | undefined} signal
 * @property {Buffer} stdout
 * @property {string} stderr
 */

/** The launcher, as an operator calls it. */
export const AGENTD = fileURLToPath(new URL("../../bin/agentd", import.meta.url));

/** How the path of every sandbox begins. Not a constant: the benchmark chooses another directory for temporary files. */
export function sandboxPath() {
  return join(tmpdir(), "agentd-sandbox-");
}

/** Bounds how long a hang lasts. */
const COMMAND_TIMEOUT_MS = 200_000;

/** Makes a sandbox. Whoever makes it closes it. @returns {Promise<Sandbox>} */
export async function createSandbox() {
  const containers = await prepareContainersEnvironment();
  const directory = await mkdtemp(sandboxPath());
  await mkdir(join(directory, "home"));
  return new Sandbox(containers, directory);
}

export class Sandbox {
  /** @type {Daemon[]} */
  #daemons = [];

  /**
   * Use `createSandbox`.
   *
   * @param {ContainersEnvironment} containers
   * @param {string} directory
   */
  constructor(containers, directory) {
    this.containers = containers;
    /** Everything lies below it, but for sockets and FIFOs. Tests may put things of their own there. */
    this.directory = directory;
    this.configFile = join(directory, "agentd.toml");
    this.stateDirectory = join(directory, "state", "agentd");
    this.auditRoot = join(directory, "state", "tesserine", "audit");
    this.cacheDirectory = join(directory, "cache", "agentd");
    // Apart from the sandbox: a socket's path has to be short.
    this.socketPath = join(containers.runtimeDirectory, `${randomBytes(4).toString("hex")}.sock`);
    /** What runs agentd: the Node.js of the tests, unless a test puts another here. */
    this.node = process.execPath;
    /**
     * The whole environment of daemons and commands.
     *
     * @type {Variables}
     */
    this.env = {
      PATH: process.env["PATH"],
      LANG: "C.UTF-8",
      HOME: join(directory, "home"),
      XDG_STATE_HOME: join(directory, "state"),
      XDG_CACHE_HOME: join(directory, "cache"),
      XDG_CONFIG_HOME: join(directory, "config"),
      ...containers.variables,
      AGENTD_CONFIG: this.configFile,
      AGENTD_SOCKET: this.socketPath,
      AGENTD_LOG: "debug",
    };
  }

  /** Has daemons that start from now on keep state and records below another directory. @param {string} directory */
  moveState(directory) {
    this.stateDirectory = join(directory, "agentd");
    this.auditRoot = join(directory, "tesserine", "audit");
    this.env["XDG_STATE_HOME"] = directory;
  }

  /** Where the daemon keeps sockets and FIFOs, by the instance that `status` shows. @param {string} instance */
  runtimeDirectory(instance) {
    return join(this.containers.runtimeDirectory, "agentd", instance);
  }

  /**
   * Writes the configuration file.
   *
   * @param {string | JsonMap} config TOML, or what it is to say; what it does not say about waiting containers, the environment does.
   */
  async writeConfig(config) {
    await writeFile(this.configFile, typeof config === "string" ? config : stringify(withWarm(config)));
  }

  /**
   * Starts `agentd daemon` and waits until it is ready. Throws, with its log, when it ends instead.
   *
   * @param {{ args?: readonly string[], env?: Variables }} [options] Arguments after `daemon`, and variables besides
   *   those of the sandbox; undefined takes one away.
   */
  async startDaemon({ args = [], env = {} } = {}) {
    const daemon = new Daemon(this.spawn(["daemon", ...args], { env, timeoutMs: 0 }));
    this.#daemons.push(daemon);
    await daemon.ready(() => this.run(["status", "--json"], { env }));
    return daemon;
  }

  /**
   * Runs a command of agentd to its end, with any exit code.
   *
   * @param {readonly string[]} args
   * @param {{ env?: Variables, timeoutMs?: number }} [options] Past the time it is killed.
   * @returns {Promise<Result>}
   */
  async run(args, options = {}) {
    const { exitCode, signal, stdout, stderr } = await this.spawn(args, options);
    return { exitCode, signal, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr).toString() };
  }

  /**
   * Runs a command that prints JSON. Throws, with what it said, when it prints something else.
   *
   * @param {readonly string[]} args
   * @returns {Promise<any>}
   */
  async runJson(args) {
    const { stdout, stderr, exitCode } = await this.run(args);
    try {
      return JSON.parse(stdout.toString());
    } catch (cause) {
      throw new Error(
        `agentd ${args.join(" ")} exited ${exitCode} without JSON: ${stdout.toString()}${stderr}`,
        {
          cause,
        },
      );
    }
  }

  /**
   * Starts a command of agentd and leaves it running, for tests that signal it or read along.
   *
   * @param {readonly string[]} args
   * @param {{ env?: Variables, timeoutMs?: number }} [options] 0 means without a limit.
   */
  spawn(args, { env = {}, timeoutMs = COMMAND_TIMEOUT_MS } = {}) {
    return execa(this.node, [AGENTD, ...args], {
      cwd: this.directory,
      env: { ...this.env, ...env },
      extendEnv: false,
      encoding: "buffer",
      reject: false,
      stdin: "ignore",
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
  }

  /** Ends daemons and their sessions, hard where it must, and removes what lies outside the sandbox's directory. */
  async endDaemons() {
    // Hundreds may have lived one after the other in the same places; the last one represents them.
    const lastOnes = new Map(this.#daemons.map((daemon) => [daemon.instance, daemon]));
    const living = this.#daemons.filter(({ ended }) => !ended);
    // A daemon that is told to end waits for its sessions.
    for (const { instance } of living)
      if (instance !== undefined) await removeContainersOf(this.containers, instance);
    for (const daemon of new Set([...living, ...lastOnes.values()])) await daemon.end();
    for (const instance of lastOnes.keys()) {
      if (instance === undefined) continue;
      await removeContainersOf(this.containers, instance);
      await removeVolumesOf(this.containers, instance);
      await rm(this.runtimeDirectory(instance), { recursive: true, force: true });
    }
    await rm(this.socketPath, { force: true });
  }

  /** Ends what runs and removes everything. */
  async close() {
    await this.endDaemons();
    // Sealed records are read-only.
    await execa("chmod", ["-R", "u+rwX", this.directory]);
    await rm(this.directory, { recursive: true });
  }
}
