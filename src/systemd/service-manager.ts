/**
 * What systemd is told about the daemon: readiness, what is running, that the event loop turns, and its end.
 */
import { execa } from "execa";
import type { Logger } from "../log.ts";
import { watchdogLimitMs } from "./watchdog.ts";

/** A set of environment variables; the shape of `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

export interface ServiceManagerOptions {
  /** The daemon's own; systemd says in it where it listens and how often it wants to hear. */
  readonly environment: Environment;
  /** Of the daemon's process. */
  readonly pid: number;
  readonly log: Logger;
}

/** systemd takes a message at once; this bounds how long a hang lasts. */
const SEND_LIMIT_MS = 30_000;
/** How often what is running is looked at. A message is only sent when it has changed. */
const LOOK_INTERVAL_MS = 2_000;
/** So that a message may be late, or lost, on a busy host. */
const MESSAGES_PER_WATCHDOG_LIMIT = 3;

/**
 * The manager that started this process, if it is one that listens. Without one every method does nothing; a message
 * that cannot be sent is logged and never thrown.
 *
 * Messages go through the systemd-notify program, so the unit needs `NotifyAccess=all`.
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
    await this.#send(["--ready"], status);
  }

  /** The daemon has been told to end, and does not serve new work. */
  async stopping(status: string): Promise<void> {
    // The option --stopping came with systemd 254.
    await this.#send(["STOPPING=1"], status);
  }

  /**
   * Keeps the manager informed: what is running, whenever it changes, and by the watchdog's messages that the event
   * loop turns.
   *
   * @param status asked for every two seconds.
   * @returns what ends it.
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
        void this.#send(["WATCHDOG=1"], line);
      } else if (line !== this.#told) {
        void this.#send([], line);
      }
    }, intervalMs);
    return async () => clearInterval(timer);
  }

  get #isListening(): boolean {
    return (this.#environment["NOTIFY_SOCKET"] ?? "") !== "";
  }

  async #send(words: readonly string[], status: string): Promise<void> {
    if (!this.#isListening) return;
    this.#told = status;
    const { NOTIFY_SOCKET, PATH } = this.#environment;
    try {
      await execa("systemd-notify", [`--status=${status}`, ...words], {
        env: { NOTIFY_SOCKET, PATH },
        extendEnv: false,
        timeout: SEND_LIMIT_MS,
      });
    } catch (error) {
      this.#log.warn({ error }, "cannot tell systemd how the daemon is");
    }
  }
}
