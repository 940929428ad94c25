/** The daemon as `agentd web` asks it: a connection for each question, so that none waits for another's answer. */
import type { MethodName, Params, Result } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import { type Caller, type CallOptions, connect } from "../rpc/client.ts";

/** Questions at once; the daemon has room for more connections than that. */
export const MOST_CALLS = 256;
const CONNECT_TIMEOUT_MS = 5_000;

export interface DaemonLinkOptions {
  /** The daemon's socket. */
  readonly socketPath: string;
  /** Of this agentd. */
  readonly version: string;
}

export class DaemonLink implements Caller {
  readonly #options: DaemonLinkOptions;
  #calls = 0;

  constructor(options: DaemonLinkOptions) {
    this.#options = options;
  }

  /**
   * Asks the daemon that runs now.
   *
   * @throws AgentdError as the daemon tells it; `daemon_not_running`, `daemon_lost`, `protocol_mismatch`; `web_busy`.
   */
  async call<M extends MethodName>(
    method: M,
    params: Params<M>,
    { signal }: CallOptions = {},
  ): Promise<Result<M>> {
    if (this.#calls >= MOST_CALLS) {
      throw new AgentdError("web_busy", {
        tried: `call ${method}`,
        why: `${MOST_CALLS} requests wait for the daemon`,
        next: "Try again later.",
      });
    }
    this.#calls += 1;
    try {
      const { socketPath, version } = this.#options;
      const client = await connect(socketPath, { version, timeoutMs: CONNECT_TIMEOUT_MS, signal });
      try {
        return await client.call(method, params, { signal });
      } finally {
        client.close();
      }
    } finally {
      this.#calls -= 1;
    }
  }
}
