/**
 * A program that runs beside the daemon and answers on a socket: started, watched, started again when it dies or hangs,
 * ended with the daemon.
 */
import { EventEmitter, once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { Backoff } from "../backoff.ts";
import type { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { identifyProcess, type ProcessIdentity } from "../process-identity.ts";
import { endProcessGroup } from "./process-table.ts";
import { endLeftoverProgram, forgetProgram, recordProgram } from "./program-record.ts";

export interface SupervisedProgramOptions {
  /** Its name in the log: `Podman service`. */
  readonly name: string;
  /** The program, found on PATH, and its arguments. No secret: every user of the host sees them. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment of the program. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the program listens; its directory exists and is private to the user. Removed when the program has ended. */
  readonly socketPath: string;
  /** The file that names the running program for the next daemon; in the runtime directory, so that a boot clears it. */
  readonly recordPath: string;
  /** Whether a process with these arguments is this program. */
  readonly isIt: (argv: readonly string[]) => boolean;
  /** Whether the program answers within so many milliseconds. Never throws. */
  readonly answers: (deadlineMs: number) => Promise<boolean>;
  /** The error for callers that need the program while it does not run. */
  readonly unavailable: (why: string) => AgentdError;
  /** Called with why the program does not run, and with undefined once it answers again. Default: nobody is told. */
  readonly onHealth?: ((why: string | undefined) => void) | undefined;
  readonly log: Logger;
}

const ANSWER_DEADLINE_MS = 5_000;
const ASK_PAUSE_MS = 10;
const START_DEADLINE_MS = 30_000;
const TERMINATION_GRACE_MS = 5_000;
const RESTARTS = { firstMs: 20, longestMs: 5_000 };
/** A program that lived this long is restarted at once when it dies. */
const HEALTHY_AFTER_MS = 10_000;
const STDERR_KEPT = 2_000;

/** One program, through all its restarts. */
export class SupervisedProgram {
  readonly #options: SupervisedProgramOptions;
  readonly #stopping = new AbortController();
  readonly #changes = new EventEmitter();
  #supervision: Promise<void> | undefined;
  #current: ProcessIdentity | undefined;
  #answering = false;
  #suspected = false;
  #stderr = "";

  constructor(options: SupervisedProgramOptions) {
    this.#options = options;
    // One listener for each request that waits for a restart.
    this.#changes.setMaxListeners(0);
  }

  /** The running program; undefined between two of them. */
  get process(): ProcessIdentity | undefined {
    return this.#current;
  }

  /** Ends what a dead daemon has left, starts the program, and returns when it answers for the first time. */
  async start(): Promise<void> {
    const { name, log, recordPath, isIt, unavailable } = this.#options;
    const ended = await endLeftoverProgram(recordPath, isIt, TERMINATION_GRACE_MS);
    if (ended !== undefined)
      log.warn({ program: name, pid: ended.pid }, "ended a program that a crashed daemon left");
    this.#supervision = this.#supervise();
    await once(this.#changes, "change");
    if (this.#answering) return;
    await this.stop();
    throw unavailable("it ended before it answered");
  }

  /** Returns when the program answers, at once when it is known to; throws when the signal aborts before that. */
  async available(signal: AbortSignal): Promise<void> {
    while (!this.#answering) {
      if (this.#stopping.signal.aborted) throw this.#options.unavailable("agentd has stopped it");
      await once(this.#changes, "change", { signal });
    }
  }

  /** Reports that a request got no answer within its deadline, so that a hung program is replaced. */
  suspect(): void {
    if (this.#suspected || !this.#answering) return;
    this.#suspected = true;
    void this.#replaceIfHung();
  }

  /** The last lines that the program wrote on standard error; empty when there are none. */
  lastWords(): string {
    return this.#stderr.trim();
  }

  /** Ends the program. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#supervision;
  }

  async #supervise(): Promise<void> {
    const { name, log, recordPath, socketPath, onHealth } = this.#options;
    const backoff = new Backoff(RESTARTS);
    while (!this.#isStopping()) {
      const healthy = setTimeout(() => backoff.reset(), HEALTHY_AFTER_MS);
      await this.#runOnce();
      clearTimeout(healthy);
      this.#changes.emit("change");
      if (this.#isStopping()) break;
      onHealth?.(this.lastWords() || "it has ended");
      const pauseMs = backoff.next();
      log.warn({ program: name, pauseMs, stderr: this.lastWords() }, "a program ended; starting it again");
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // Stopped.
    }
    await forgetProgram(recordPath);
    await rm(socketPath, { force: true });
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** One life of the program, from its start to its end. */
  async #runOnce(): Promise<void> {
    this.#stderr = "";
    const { argv, environment } = this.#options;
    const child = launch(argv, environment);
    if (child.pid === undefined) {
      this.#stderr = (await child).shortMessage ?? "";
      return;
    }
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)));
    // Its exit, not execa's result: that also waits for every process that inherited standard error.
    const over = new AbortController();
    child.once("exit", () => over.abort());
    this.#stopping.signal.addEventListener("abort", () => over.abort(), { once: true, signal: over.signal });
    const leader = await identifyProcess(child.pid);
    if (leader !== undefined) await this.#attend(leader, over.signal);
  }

  async #attend(leader: ProcessIdentity, over: AbortSignal): Promise<void> {
    const { name, log, recordPath } = this.#options;
    this.#current = leader;
    await recordProgram(recordPath, leader).catch((error: unknown) =>
      log.warn({ error, program: name, recordPath }, "cannot save a program's pid for the next daemon"),
    );
    const came = await this.#comesUp(over);
    if (came && !over.aborted) await once(over, "abort");
    this.#answering = false;
    // A program may be several processes, and the remaining ones would continue to serve.
    await endProcessGroup(leader, TERMINATION_GRACE_MS);
    this.#current = undefined;
  }

  /** Whether the program answers, before it is over or the deadline has passed. */
  async #comesUp(over: AbortSignal): Promise<boolean> {
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    while (!over.aborted && !deadline.aborted) {
      if (await this.#options.answers(ANSWER_DEADLINE_MS)) {
        this.#answering = true;
        this.#options.onHealth?.(undefined);
        this.#changes.emit("change");
        return true;
      }
      await delay(ASK_PAUSE_MS);
    }
    return false;
  }

  async #replaceIfHung(): Promise<void> {
    const { name, log, answers } = this.#options;
    const suspect = this.#current;
    const isAnswering = await answers(ANSWER_DEADLINE_MS);
    this.#suspected = false;
    if (isAnswering || suspect === undefined || suspect !== this.#current) return;
    log.error({ program: name, pid: suspect.pid }, "a program hangs; replacing it");
    await endProcessGroup(suspect, 0);
  }
}

function launch([program, ...args]: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
  return execa(program, args, {
    env,
    extendEnv: false,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    buffer: false,
    reject: false,
    // A Ctrl-C on the daemon's terminal must not reach the program while sessions are drained.
    detached: true,
    cleanup: false,
  });
}
