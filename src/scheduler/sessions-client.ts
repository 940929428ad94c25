import { MAX_LIST_LENGTH } from "../api/limits.ts";
import { AgentdError } from "../errors.ts";
import type { RpcClient } from "../rpc/client.ts";
import type { ListedSession } from "../session-document.ts";
import { timestampOf } from "./events.ts";

/** The scheduler's requests about sessions: through the daemon's socket, like every other client. */
export class SessionsClient {
  readonly #connect: () => Promise<RpcClient>;
  #client: Promise<RpcClient> | undefined;

  /** @param connect to the daemon; called again when a connection is lost. */
  constructor(connect: () => Promise<RpcClient>) {
    this.#connect = connect;
  }

  /** Requests the run of an instant; a repeated request returns the same session. */
  async run(profile: string, instantMs: number): Promise<ListedSession> {
    const instant = timestampOf(instantMs);
    const request_id = `schedule ${profile} ${instant}`;
    return await this.#call((client) =>
      client.call("run", { request_id, profile, scheduled_timestamp: instant }),
    );
  }

  /** The session of an instant, if it is among the newest; undefined when there is none. */
  async find(profile: string, instantMs: number): Promise<ListedSession | undefined> {
    const { sessions } = await this.#call((client) =>
      client.call("list", { all: true, limit: MAX_LIST_LENGTH }),
    );
    const instant = timestampOf(instantMs);
    return sessions.find((each) => each.profile === profile && each.scheduled_timestamp === instant);
  }

  /** The scheduled sessions that have not ended, newest first. */
  async open(): Promise<readonly ListedSession[]> {
    const { sessions } = await this.#call((client) =>
      client.call("list", { all: false, limit: MAX_LIST_LENGTH }),
    );
    return sessions.filter(({ trigger }) => trigger === "schedule");
  }

  /** Resolves when a session is sealed. */
  async ended(sessionId: string): Promise<void> {
    await this.#call((client) => client.call("wait", { session: sessionId }));
  }

  /** Ends the connection; what is still asked for rejects. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    // A connection that was never made needs no closing.
    (await client?.catch(() => undefined))?.close();
  }

  async #call<T>(use: (client: RpcClient) => Promise<T>): Promise<T> {
    const connecting = (this.#client ??= this.#connect());
    try {
      return await use(await connecting);
    } catch (error) {
      if (isConnectionLost(error) && this.#client === connecting) this.#client = undefined;
      throw error;
    }
  }
}

/** Whether an error leaves open what became of the request: a repeated request may succeed. */
export function isWorthAskingAgain(error: unknown): boolean {
  return isConnectionLost(error) || (error instanceof AgentdError && error.code === "daemon_stopping");
}

function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof AgentdError && (error.code === "daemon_lost" || error.code === "daemon_not_running")
  );
}
