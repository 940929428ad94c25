/**
 * Messages to systemd about the daemon: readiness, what is running, that the event loop turns, and its end.
 */
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import notify from "systemd-notify";
import type { Environment } from "../environment.ts";
import type { Logger } from "../log.ts";
import { watchdogLimitMs } from "./watchdog.ts";

export interface ServiceManagerOptions {
  /** The daemon's own; systemd names its socket and the watchdog's interval in it. */
  readonly environment: Environment;
  /** Of the daemon's process. */
  readonly pid: number;
  readonly log: Logger;
}

/** systemd takes a message at once; this bounds how long a hang lasts. */
const SEND_LIMIT_MS = 30_000;
/** How often to check what is running. A message is only sent when that has changed. */
const LOOK_INTERVAL_MS = 2_000;
/** A message may be late, or lost, on a busy host. */
const MESSAGES_PER_WATCHDOG_LIMIT = 3;

/**
 * The manager that started this process, if it listens. Without one every method does nothing; a message
 * that cannot be sent is logged and never thrown.
 *
 * The package systemd-notify sends what it knows: readiness and status. It starts the program of that name with
 * `process.env`, in which there must be nothing that a child may not have. The other messages go through the program
 * itself. So the unit needs `NotifyAccess=all`.
 */
export class ServiceManager {
  readonly #environment: Environment;
  readonly #log: Logger;
  readonly #watchdogLimitMs: number | undefined;
  #told: string | undefined;

  constructor({ environment, pid, log }: ServiceManagerOptions) {
    this.#environment = environment;
    this.#log = log;
    this.#watchdogLimitMs = watchdogLimitMs(environment, pid);
  }

  /** The daemon serves. @param status what is running, in one line. */
  async ready(status: string): Promise<void> {
    await this.#tell(status, () => inTime(notify({ ready: true, status })));
  }

  /** The daemon has been told to end, and does not serve new work. */
  async stopping(status: string): Promise<void> {
    // The option --stopping came with systemd 254.
    await this.#tell(status, () => this.#run("STOPPING=1", status));
  }

  /**
   * Keeps the manager informed: what is running, whenever it changes, and by the watchdog's messages that the event
   * loop turns.
   *
   * @param status asked for every two seconds.
   * @returns a function that ends it.
   */
  follow(status: () => string): () => Promise<void> {
    if (!this.#isListening) return () => Promise.resolve();
    const pingEveryMs = (this.#watchdogLimitMs ?? Infinity) / MESSAGES_PER_WATCHDOG_LIMIT;
    const intervalMs = Math.min(pingEveryMs, LOOK_INTERVAL_MS);
    let sincePingMs = 0;
    const timer = setInterval(() => {
      sincePingMs += intervalMs;
      const line = status();
      if (sincePingMs >= pingEveryMs) {
        sincePingMs = 0;
        void this.#tell(line, () => this.#run("WATCHDOG=1", line));
      } else if (line !== this.#told) {
        void this.#tell(line, () => inTime(notify({ status: line })));
      }
    }, intervalMs);
    return async () => clearInterval(timer);
  }

  get #isListening(): boolean {
    return (this.#environment["NOTIFY_SOCKET"] ?? "") !== "";
  }

  async #tell(status: string, send: () => Promise<void>): Promise<void> {
    if (!this.#isListening) return;
    this.#told = status;
    try {
      await send();
    } catch (error) {
      this.#log.warn({ error }, "cannot report the daemon's status to systemd");
    }
  }

  async #run(message: string, status: string): Promise<void> {
    const { NOTIFY_SOCKET, PATH } = this.#environment;
    await execa("systemd-notify", [`--status=${status}`, message], {
      env: { NOTIFY_SOCKET, PATH },
      extendEnv: false,
      timeout: SEND_LIMIT_MS,
    });
  }
}

/** Waits no longer than the limit. The package rejects with what the program wrote. */
async function inTime(sending: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = delay(SEND_LIMIT_MS, "late", { signal: over.signal, ref: false }).catch(() => undefined); // Sent in time.
  try {
    const came = await Promise.race([sending, late]);
    if (came === "late") throw new Error(`systemd-notify did not finish within ${SEND_LIMIT_MS} ms`);
  } finally {
    over.abort();
  }
}
