/**
 * The Podman service that the daemon owns: started, watched, started again when it dies or hangs, ended with the daemon.
 *
 * Losing it loses nothing: containers belong to conmon.
 */
import { EventEmitter, once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { ping, type EngineService } from "./engine-service.ts";
import { endLeftoverService, forgetService, recordService } from "./leftover-service.ts";
import { identifyProcess, type ProcessIdentity } from "../process-identity.ts";
import { endProcessGroup } from "./process-table.ts";
import { namespaceAdvice } from "./subordinate-ids.ts";
import { serviceEnvironment, type Environment } from "./service-environment.ts";

export interface ServiceProcessOptions {
  /** Where the service listens; its directory exists and is private to the user. */
  readonly socketPath: string;
  /** The file that names the running service for the next daemon; in the runtime directory, so that a boot clears it. */
  readonly recordPath: string;
  /** The daemon's environment; only allowed names are passed on. */
  readonly environment: Environment;
  /** The program; default `podman`, found on PATH. */
  readonly podman?: string | undefined;
  readonly log: Logger;
}

const PING_DEADLINE_MS = 5_000;
const PING_PAUSE_MS = 10;
const START_DEADLINE_MS = 30_000;
const TERMINATION_GRACE_MS = 5_000;
const FIRST_RESTART_MS = 20;
const SLOWEST_RESTART_MS = 5_000;
/** A service that lived this long is restarted at once when it dies. */
const HEALTHY_AFTER_MS = 10_000;
const STDERR_KEPT = 2_000;

export class ServiceProcess implements EngineService {
  readonly socketPath: string;
  readonly #options: ServiceProcessOptions;
  readonly #stopping = new AbortController();
  readonly #changes = new EventEmitter();
  #supervision: Promise<void> | undefined;
  #current: ProcessIdentity | undefined;
  #answering = false;
  #suspected = false;
  #stderr = "";

  constructor(options: ServiceProcessOptions) {
    this.socketPath = options.socketPath;
    this.#options = options;
    // One listener for each request that waits for a restart.
    this.#changes.setMaxListeners(0);
  }

  /** The running service; undefined between two of them. */
  get process(): ProcessIdentity | undefined {
    return this.#current;
  }

  async start(): Promise<void> {
    const { log, recordPath } = this.#options;
    const ended = await endLeftoverService(recordPath, this.socketPath, TERMINATION_GRACE_MS);
    if (ended !== undefined) log.warn({ pid: ended.pid }, "ended the Podman service of a dead daemon");
    this.#supervision = this.#supervise();
    await once(this.#changes, "change");
    if (this.#answering) return;
    await this.stop();
    throw this.#unavailable("it ended before it answered");
  }

  async available(signal: AbortSignal): Promise<void> {
    while (!this.#answering) {
      if (this.#stopping.signal.aborted) throw this.#unavailable("agentd has stopped it");
      await once(this.#changes, "change", { signal });
    }
  }

  suspect(): void {
    if (this.#suspected || !this.#answering) return;
    this.#suspected = true;
    void this.#replaceIfHung();
  }

  lastWords(): string {
    return this.#stderr.trim();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#supervision;
  }

  async #supervise(): Promise<void> {
    const { log, recordPath } = this.#options;
    let failures = 0;
    while (!this.#isStopping()) {
      const healthy = setTimeout(() => (failures = 0), HEALTHY_AFTER_MS);
      await this.#runOnce();
      clearTimeout(healthy);
      this.#changes.emit("change");
      if (this.#isStopping()) break;
      const pauseMs = Math.min(FIRST_RESTART_MS * 2 ** failures++, SLOWEST_RESTART_MS);
      log.warn({ pauseMs, stderr: this.lastWords() }, "the Podman service ended and is started again");
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // Stopped.
    }
    await forgetService(recordPath);
    await rm(this.socketPath, { force: true });
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** One life of the service, from its start to its end. */
  async #runOnce(): Promise<void> {
    this.#stderr = "";
    const { podman = "podman", environment } = this.#options;
    const child = launch(podman, this.socketPath, serviceEnvironment(environment));
    if (child.pid === undefined) {
      this.#stderr = (await child).shortMessage ?? "";
      return;
    }
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)));
    // Its exit, not execa's result: that also waits for whoever inherited standard error.
    const over = new AbortController();
    child.once("exit", () => over.abort());
    this.#stopping.signal.addEventListener("abort", () => over.abort(), { once: true, signal: over.signal });
    const leader = await identifyProcess(child.pid);
    if (leader !== undefined) await this.#attend(leader, over.signal);
  }

  async #attend(leader: ProcessIdentity, over: AbortSignal): Promise<void> {
    const { log, recordPath } = this.#options;
    this.#current = leader;
    await recordService(recordPath, leader).catch((error: unknown) =>
      log.warn({ error, recordPath }, "cannot note the Podman service for the next daemon"),
    );
    const came = await this.#comesUp(over);
    if (came && !over.aborted) await once(over, "abort");
    this.#answering = false;
    // Without a pause process the service is two processes, and the inner one would go on serving.
    await endProcessGroup(leader, TERMINATION_GRACE_MS);
    this.#current = undefined;
  }

  /** Whether the service answers, before it is over or the deadline has passed. */
  async #comesUp(over: AbortSignal): Promise<boolean> {
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    while (!over.aborted && !deadline.aborted) {
      if (await ping(this.socketPath, PING_DEADLINE_MS)) {
        this.#answering = true;
        this.#changes.emit("change");
        return true;
      }
      await delay(PING_PAUSE_MS);
    }
    return false;
  }

  async #replaceIfHung(): Promise<void> {
    const suspect = this.#current;
    const answers = await ping(this.socketPath, PING_DEADLINE_MS);
    this.#suspected = false;
    if (answers || suspect === undefined || suspect !== this.#current) return;
    this.#options.log.error({ pid: suspect.pid }, "the Podman service hangs and is replaced");
    await endProcessGroup(suspect, 0);
  }

  #unavailable(why: string): AgentdError {
    const said = this.lastWords();
    return new AgentdError("engine_unavailable", {
      tried: "run the Podman service",
      why: said === "" ? why : `${why}: ${said}`,
      next:
        namespaceAdvice(said) ??
        "Check that podman 4.3 or newer is installed and that `podman info` works for this user.",
    });
  }
}

function launch(podman: string, socketPath: string, env: Record<string, string>) {
  return execa(podman, ["system", "service", "--time=0", `unix://${socketPath}`], {
    env,
    extendEnv: false,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    buffer: false,
    reject: false,
    // A Ctrl-C on the daemon's terminal must not reach the service while sessions are drained.
    detached: true,
    cleanup: false,
  });
}
