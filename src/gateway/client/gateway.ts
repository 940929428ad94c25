/**
 * The gateway as the daemon has it: found or started when a session first needs it, watched, and replaced when it dies
 * or hangs, with every session that it had opened anew.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Backoff } from "../../backoff.ts";
import type { AgentdError } from "../../errors.ts";
import type { ProcessIdentity } from "../../process-identity.ts";
import {
  type ControlMethod,
  type ControlParams,
  type ControlResult,
  GATEWAY_PROTOCOL,
  type GatewayConnection,
  type OpenSession,
  type SessionPolicy,
} from "../control/control-protocol.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { ANSWER_MS, gatewayListens, killGateway, reachGateway } from "./gateway-process.ts";
import { LostSessions } from "./lost-sessions.ts";
import { Need } from "./need.ts";
import { withKey } from "./with-key.ts";

/** Sessions that open at the same time wait for each other. A gateway that hangs is noticed by being asked. */
const OPEN_MS = 120_000;
const ASK_MS = 2_000;
/** So that a gateway that hangs is noticed within 10 seconds. */
const ASK_LIMIT_MS = 8_000;
const IDLE_MS = 60_000;
const RESTARTS = { firstMs: 20, longestMs: 5_000 };

/** One daemon's gateway. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #answerMs: number;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #lost: LostSessions;
  readonly #stopping = new AbortController();
  #connection: GatewayConnection | undefined;
  #reaching: Promise<GatewayConnection> | undefined;
  /** Settles when a gateway that nobody needed has ended, or has refused to. */
  #ending: Promise<void> | undefined;
  readonly #need: Need;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#answerMs = options.answerMs ?? ANSWER_MS;
    this.#need = new Need(options.monotonic ?? (() => performance.now()));
    this.#lost = new LostSessions({
      signal: this.#stopping.signal,
      tryAgain: async (session) => {
        const request = this.#sessions.get(session);
        if (request !== undefined && this.#connection !== undefined)
          await this.#openAgain(this.#connection, request);
      },
    });
  }

  /** The gateway's process; undefined while none is known to run. */
  get process(): ProcessIdentity | undefined {
    return this.#connection?.peer.process;
  }

  /**
   * Opens a session's network, and again whenever the gateway has to be replaced, until `close`.
   *
   * @returns false when it was open already, by an earlier daemon.
   * @throws AgentdError `network_failed`, `gateway_unavailable`.
   */
  async open(request: OpenSession): Promise<boolean> {
    return this.#need.during(() => this.#open(request));
  }

  async #open(request: OpenSession): Promise<boolean> {
    // A second time, because the gateway may just have died: opening again is harmless.
    const { opened } = await this.#call("open", request).catch(async (error: unknown) => {
      if (!isUnavailable(error)) throw error;
      return this.#call("open", request);
    });
    this.#sessions.set(request.session, request);
    return opened;
  }

  /** Changes what a session may reach from its next connection on. @throws AgentdError as `open`. */
  async update(session: string, policy: SessionPolicy): Promise<void> {
    await this.#need.during(() => this.#call("update", { session, policy }));
    const known = this.#sessions.get(session);
    if (known !== undefined) this.#sessions.set(session, { ...known, policy });
  }

  /**
   * Closes a session's network and returns when its log is on disk. Never throws: a gateway that does not answer is
   * killed, which closes it too. Where none runs, none is started.
   *
   * @returns undefined when no gateway answered that had the session.
   */
  async close(session: string): Promise<ControlResult<"close"> | undefined> {
    return this.#need.during(() => this.#close(session));
  }

  async #close(session: string): Promise<ControlResult<"close"> | undefined> {
    const wasOpen = this.#sessions.delete(session);
    this.#lost.delete(session);
    if (!(await this.#runs())) return wasOpen ? undefined : { known: false, counted: 0, lost: 0, llm: null };
    const connection = this.#connection;
    try {
      return await this.#call("close", { session });
    } catch (error) {
      this.#options.log.warn({ error, session }, "the gateway did not close a session; killing it");
      // Not by a daemon that ends: the gateway may serve others.
      if (connection !== undefined && !this.#isStopping()) await killGateway(connection.peer.process);
      return undefined;
    }
  }

  /** Closes what the gateway has besides these sessions: nobody else will. @throws AgentdError `gateway_unavailable`. */
  async closeOthers(kept: ReadonlySet<string>): Promise<void> {
    await this.#need.during(() => this.#closeOthers(kept));
  }

  async #closeOthers(kept: ReadonlySet<string>): Promise<void> {
    if (!(await this.#runs())) return;
    const { sessions } = await this.#call("list", {});
    const others = sessions.map(({ session }) => session).filter((session) => !kept.has(session));
    await Promise.all(others.map(async (session) => this.close(session)));
  }

  /** What the gateway does now. @throws AgentdError `gateway_unavailable`. */
  async list(): Promise<ControlResult<"list">> {
    return this.#call("list", {});
  }

  /**
   * Gives a provider's new key to the sessions that have the provider at this address, from their next request on. Where
   * no gateway runs, none is started.
   *
   * @throws AgentdError `gateway_unavailable`.
   */
  async rotate(params: ControlParams<"rotate">): Promise<void> {
    for (const [session, request] of this.#sessions) this.#sessions.set(session, withKey(request, params));
    if (await this.#runs()) await this.#call("rotate", params);
  }

  /**
   * Waits until a session has to end because of its language models, or is closed.
   * @param failed its command has failed by itself: says at once whether language models are a reason.
   *
   * @throws AgentdError `gateway_unavailable` when the gateway ends meanwhile: ask again.
   */
  async verdict(session: string, failed: boolean): Promise<ControlResult<"verdict">> {
    const connection = await this.#reach("verdict");
    return await connection.call("verdict", { session, failed }, failed ? this.#answerMs : undefined);
  }

  /** Leaves the gateway to its sessions, or ends it when it has none. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const connection = this.#connection;
    // Refused while it has sessions, as wanted: the next daemon finds it.
    const hasEnded = await connection?.call("end", {}, this.#answerMs).then(
      () => true,
      () => false,
    );
    if (hasEnded === true) await Promise.race([connection?.closed(), delay(this.#answerMs)]);
    connection?.close();
  }

  async #call<M extends ControlMethod>(method: M, params: ControlParams<M>): Promise<ControlResult<M>> {
    const connection = await this.#reach(method);
    try {
      return await connection.call(method, params, method === "open" ? OPEN_MS : this.#answerMs);
    } catch (error) {
      // Not a refusal: it hangs, and everyone else would wait as long.
      if (isUnavailable(error) && !this.#isStopping()) {
        await killGateway(connection.peer.process);
        this.#forget(connection);
      }
      throw error;
    }
  }

  async #reach(method: string): Promise<GatewayConnection> {
    if (this.#isStopping()) throw GATEWAY_PROTOCOL.unavailable(method, "this daemon is ending");
    await this.#ending;
    if (this.#connection !== undefined) return this.#connection;
    this.#reaching ??= this.#connect().finally(() => (this.#reaching = undefined));
    return this.#reaching;
  }

  async #connect(): Promise<GatewayConnection> {
    const connection = await reachGateway(this.#options);
    this.#connection = connection;
    void this.#watch(connection);
    await Promise.all(
      [...this.#sessions.values()].map(async (request) => this.#openAgain(connection, request)),
    );
    return connection;
  }

  async #openAgain(connection: GatewayConnection, request: OpenSession): Promise<void> {
    const { session } = request;
    const isWanted = (): boolean => this.#sessions.has(session);
    try {
      await connection.call("open", request, OPEN_MS);
      this.#lost.delete(session);
      if (isWanted()) this.#options.onSessionRestored?.(session);
    } catch (error) {
      // Where the gateway has gone again, the next one is asked for every session. A loss is told once.
      if (isUnavailable(error) || this.#lost.has(session) || !isWanted()) return;
      this.#lost.add(session);
      this.#options.log.error({ error, session }, "a session's network is lost; trying again");
      this.#options.onSessionLost?.(session, error);
    }
  }

  /** Until the connection ends: asks for life, and kills what gives no answer. Then replaces it, if anyone needs it. */
  async #watch(connection: GatewayConnection): Promise<void> {
    const over = new AbortController();
    void connection.closed().then(() => over.abort());
    const pause = async (): Promise<boolean> =>
      delay(this.#options.askMs ?? ASK_MS, true, { signal: over.signal }).catch(() => false);
    while (await pause()) {
      if (this.#isIdle()) {
        await this.#endIdle(connection);
        continue;
      }
      const limitMs = Math.min(ASK_LIMIT_MS, this.#answerMs);
      const answers = await connection.call("list", {}, limitMs).then(
        () => true,
        () => false,
      );
      if (answers || this.#isStopping()) continue;
      await killGateway(connection.peer.process);
      connection.close();
    }
    this.#forget(connection);
    if (!this.#isStopping() && this.#sessions.size > 0) await this.#replace();
  }

  async #replace(): Promise<void> {
    const { log } = this.#options;
    log.warn({ sessions: this.#sessions.size }, "the gateway has ended; starting it again");
    const backoff = new Backoff(RESTARTS);
    while (!this.#isStopping()) {
      const reached = await this.#reach("list").catch((error: unknown) => {
        log.error({ error }, "the gateway cannot be started");
        return undefined;
      });
      if (reached !== undefined) return;
      await delay(backoff.next(), undefined, { signal: this.#stopping.signal }).catch(() => undefined); // Stopped.
    }
  }

  #isIdle(): boolean {
    const { idleMs = IDLE_MS } = this.#options;
    return !this.#isStopping() && this.#sessions.size === 0 && this.#need.isOver(idleMs);
  }

  /** Ends a gateway that nobody needs; who needs one meanwhile waits, and gets the next. */
  async #endIdle(connection: GatewayConnection): Promise<void> {
    this.#need.renew();
    if (this.#connection !== connection) return;
    this.#ending = this.#end(connection).finally(() => (this.#ending = undefined));
    await this.#ending;
  }

  async #end(connection: GatewayConnection): Promise<void> {
    try {
      await connection.call("end", {}, this.#answerMs);
      await Promise.race([connection.closed(), delay(this.#answerMs)]);
      this.#forget(connection);
      this.#options.log.info({ pid: connection.peer.process.pid }, "ended the gateway, which nobody needed");
    } catch {
      // Another daemon has sessions in it; or it does not answer, which the next question finds out.
    }
  }

  /** Unless another one has taken its place. */
  #forget(connection: GatewayConnection): void {
    connection.close();
    if (this.#connection === connection) this.#connection = undefined;
  }

  /** Whether there is a gateway to ask, or one on its way. */
  async #runs(): Promise<boolean> {
    await this.#ending;
    if (this.#connection !== undefined || this.#reaching !== undefined) return true;
    return gatewayListens(this.#options.socketPath);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}

function isUnavailable(error: unknown): error is AgentdError {
  return error instanceof Error && "code" in error && error.code === "gateway_unavailable";
}
