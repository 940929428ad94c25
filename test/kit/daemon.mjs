import { setTimeout as sleep } from "node:timers/promises";
import { signalProcessesWith } from "./processes.mjs";
import { until } from "./until.mjs";

/**
 * The part of a child process that is used here.
 *
 * @typedef {Promise<{ exitCode?: number | undefined }> & {
 *   pid?: number | undefined,
 *   stderr: NodeJS.ReadableStream,
 *   kill: (signal: NodeJS.Signals) => boolean,
 * }} Subprocess
 */
/** @typedef {import("./agentd.mjs").Result} Result */

const END_TIMEOUT_MS = 20_000;
/** Only bounds how long a hang lasts. */
const STOP_TIMEOUT_MS = 120_000;
/** A message of its log. */
const READY = '"daemon ready"';

/** One `agentd daemon` as a child process. `Sandbox.startDaemon` makes it. */
export class Daemon {
  #process;
  #log = "";
  #ended = false;
  /** Name of the instance in labels and paths. @type {string | undefined} */
  instance;

  /** @param {Subprocess} subprocess */
  constructor(subprocess) {
    this.#process = subprocess;
    subprocess.stderr.on("data", (/** @type {Buffer} */ chunk) => {
      this.#log += chunk.toString();
    });
    /** Resolves when the process has ended, to its exit code; undefined when a signal ended it. */
    this.exited = subprocess.then(({ exitCode }) => {
      this.#ended = true;
      return exitCode;
    });
  }

  get pid() {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error("the daemon did not start");
    return pid;
  }

  /** Whether its process has ended. */
  get ended() {
    return this.#ended;
  }

  /** Everything it has logged so far. */
  get log() {
    return this.#log;
  }

  /**
   * Waits until the daemon answers. It is not asked before it says that it is ready: to ask again and again takes more
   * processor time than to start.
   *
   * @param {() => Promise<Result>} status Runs `agentd status --json`.
   */
  async ready(status) {
    this.instance = await until('the daemon\'s answer to "status"', async () => {
      if (this.#ended) throw new Error(`the daemon ended before it was ready: ${this.#log}`);
      if (!this.#log.includes(READY)) return undefined;
      const { exitCode, stdout } = await status();
      return exitCode === 0 && /** @type {string} */ (JSON.parse(stdout.toString()).instance);
    });
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    this.#process.kill(signal);
  }

  /** Asks it to end and waits until it has. @returns {Promise<number | undefined>} Its exit code. */
  async stop() {
    this.signal("SIGTERM");
    return await this.gone();
  }

  /** Waits until it has ended. @returns {Promise<number | undefined>} Its exit code. */
  async gone() {
    await Promise.race([this.exited, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    if (!this.#ended) throw new Error(`the daemon did not end within ${STOP_TIMEOUT_MS} ms: ${this.#log}`);
    return this.exited;
  }

  /** Ends it as a crash would, and leaves what it leaves. */
  async kill() {
    this.signal("SIGKILL");
    await this.exited;
  }

  /** Ends it and the service that a crash leaves, for the end of a test. */
  async end() {
    this.signal("SIGTERM");
    await Promise.race([this.exited, sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    await this.kill();
    if (this.instance === undefined) return;
    await signalProcessesWith(`/agentd/${this.instance}/podman.sock`, "SIGKILL");
  }
}
