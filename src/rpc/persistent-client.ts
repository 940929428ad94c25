/**
 * The daemon for a command that stays with a session: a restart of the daemon does not end it.
 */
import type { MethodName, Params, Result } from "../api/methods.ts";
import { Backoff } from "../backoff.ts";
import { AgentdError } from "../errors.ts";
import { abandonable, type Caller, type CallOptions, type Connection } from "./client.ts";

/** How long a daemon may be away, each time. */
export const AWAY_LIMIT_MS = 60_000;

const TRIES = { firstMs: 50, longestMs: 1_000 };

/** A clock that advances evenly, even when the wall clock is set. */
export interface SteadyClock {
  /** Milliseconds since some instant. */
  readonly monotonic: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface PersistentClientHost {
  /** Connects to the next daemon, unless the signal aborts. */
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  readonly clock: SteadyClock;
  /** Reports to the operator that the daemon went away or came back. */
  readonly tell: (text: string) => Promise<void>;
}

/**
 * Asks the daemon, and asks the next one again what it did not answer because its connection broke. That does no harm
 * with any method: a second `run` of the same request gets the session of the first.
 */
export class PersistentClient implements Caller {
  readonly #host: PersistentClientHost;
  readonly #closed = new AbortController();
  #connection: Promise<Connection>;
  #isAway = false;

  /** @param first connected; the client owns it from here on. */
  constructor(first: Connection, host: PersistentClientHost) {
    this.#host = host;
    this.#connection = Promise.resolve(first);
  }

  /** Whether the daemon has gone and has not come back yet. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /**
   * @throws AgentdError as the daemon told it, `daemon_lost` when it was away for too long, or `protocol_mismatch` when
   *   one of another version came back.
   */
  async call<M extends MethodName>(
    method: M,
    params: Params<M>,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    for (;;) {
      const connection = this.#connection;
      const daemon = await abandonable(connection, options.signal);
      try {
        return await daemon.call(method, params, options);
      } catch (error) {
        if (!hasCode(error, "daemon_lost") || this.#closed.signal.aborted) throw error;
        // Unless another call has noticed before.
        if (this.#connection === connection) this.#connectAgain();
      }
    }
  }

  /** Ends the connection, and the tries to make it again. */
  close(): void {
    this.#closed.abort();
    // A connection that was not made needs no closing.
    this.#connection.then((connection) => connection.close()).catch(() => undefined);
  }

  #connectAgain(): void {
    this.#isAway = true;
    this.#connection = this.#nextConnection();
    // Reported by the calls that wait for it, if there are any.
    this.#connection.catch(() => undefined);
  }

  async #nextConnection(): Promise<Connection> {
    const { clock, tell } = this.#host;
    const deadlineMs = clock.monotonic() + AWAY_LIMIT_MS;
    await tell(`lost the daemon; trying again for ${AWAY_LIMIT_MS / 1000} s`);
    const backoff = new Backoff(TRIES);
    for (;;) {
      await clock.sleep(backoff.next(), this.#closed.signal);
      const connection = await this.#tryToConnect(clock.monotonic() >= deadlineMs);
      if (connection === undefined) continue;
      this.#isAway = false;
      await tell("the daemon is back");
      return connection;
    }
  }

  /** @returns undefined when a retry is worthwhile. */
  async #tryToConnect(isLastTry: boolean): Promise<Connection | undefined> {
    try {
      return await this.#host.connect(this.#closed.signal);
    } catch (error) {
      if (hasCode(error, "protocol_mismatch")) throw error;
      if (isLastTry) throw awayForTooLong(error);
      return undefined; // It may be starting, or be about to.
    }
  }
}

function awayForTooLong(cause: unknown): AgentdError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgentdError("daemon_lost", {
    tried: "get an answer from the daemon",
    why: `it did not come back within ${AWAY_LIMIT_MS / 1000} s; at the last try: ${why}`,
    next: cause instanceof AgentdError ? cause.next : undefined,
    cause,
  });
}

function hasCode(error: unknown, code: AgentdError["code"]): boolean {
  return error instanceof AgentdError && error.code === code;
}
