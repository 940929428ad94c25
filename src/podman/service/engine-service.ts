/**
 * The service on the engine's socket: what the HTTP client needs to know about it, and a service that agentd does not
 * run. The daemon's own is in `service-process.ts`.
 */
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { AgentdError } from "../../errors.ts";

/** A Podman service behind a Unix socket. */
export interface EngineService {
  readonly socketPath: string;
  /** Returns when the service answers for the first time. Throws `engine_unavailable` when it does not. */
  start(): Promise<void>;
  /** Returns when the service answers, at once when it is known to; throws when the signal aborts before that. */
  available(signal: AbortSignal): Promise<void>;
  /** Reports that a request got no answer within its deadline, so that a hung service can be replaced. */
  suspect(): void;
  /** The last lines that the service wrote on standard error; empty when unknown. */
  lastWords(): string;
  /** Ends what `start` began. Idempotent. */
  stop(): Promise<void>;
}

/** Whether a service answers on this socket within the deadline. Never throws. */
export function ping(socketPath: string, deadlineMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request(
      { socketPath, path: "/v4.0.0/libpod/_ping", agent: false, timeout: deadlineMs },
      (reply) => {
        reply.resume();
        resolve(reply.statusCode === 200);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("close", () => resolve(false));
    outgoing.on("error", () => resolve(false));
    outgoing.end();
  });
}

const PING_DEADLINE_MS = 5_000;
const PING_PAUSE_MS = 100;

/** A service that agentd does not run (`daemon.podman_socket`). */
export class ExternalService implements EngineService {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  async start(): Promise<void> {
    if (await ping(this.socketPath, PING_DEADLINE_MS)) return;
    throw new AgentdError("engine_unavailable", {
      tried: `use the Podman service on ${this.socketPath}`,
      why: "nothing answers there",
      next: "Start it (systemctl --user start podman.socket), or remove daemon.podman_socket to let agentd run its own.",
    });
  }

  async available(signal: AbortSignal): Promise<void> {
    while (!(await ping(this.socketPath, PING_DEADLINE_MS)))
      await delay(PING_PAUSE_MS, undefined, { signal });
  }

  suspect(): void {
    // Not ours to restart.
  }

  lastWords(): string {
    return "";
  }

  async stop(): Promise<void> {
    // Not ours to end.
  }
}
