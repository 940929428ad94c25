/** All sessions of a gateway: opened, listed and closed, each in order. */
import { AgentdError } from "../../errors.ts";
import type { Verdict } from "../../llm/budget/verdict.ts";
import { type Enqueue, oneAtATime } from "../../one-at-a-time.ts";
import { isAlive } from "../../process-identity.ts";
import type { ControlParams, ControlResult, OpenSession, SessionPolicy } from "./control-protocol.ts";
import { GatewaySession, type SessionEnd, type SessionGround } from "./gateway-session.ts";

/** Answers about sessions whose containers have ended, kept for the daemon that asks for them. */
const ENDS_KEPT = 1_000;
const NOTHING_LEFT_OUT: SessionEnd = { counted: 0, lost: 0, llm: null };

/** The sessions of one gateway. */
export class GatewaySessions {
  readonly #ground: SessionGround;
  readonly #open = new Map<string, GatewaySession>();
  readonly #ends = new Map<string, SessionEnd>();
  /** Of the same sessions, why their commands may have failed. */
  readonly #reasons = new Map<string, Verdict>();
  readonly #turns = new Map<string, { readonly enqueue: Enqueue; tasks: number }>();

  constructor(ground: SessionGround) {
    this.#ground = ground;
  }

  /** Whether no session is open or on its way. */
  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#turns.size === 0;
  }

  /** Sessions that are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Opens a session; one that is open in the same container takes the policy only.
   *
   * @returns false when it was open.
   * @throws AgentdError `network_failed`.
   */
  async open(request: OpenSession): Promise<boolean> {
    return await this.#inTurn(request.session, async () => {
      const known = this.#open.get(request.session);
      if (known !== undefined && isSameContainer(known.request, request)) {
        if (request.policy !== null) known.policy = request.policy;
        for (const { name, base_url: url, key } of request.llm?.providers ?? [])
          known.llm?.updateKey(name, url, key);
        return false;
      }
      // The container of before has ended, or the daemon would not ask.
      await known?.close();
      this.#open.delete(request.session);
      this.#ends.delete(request.session);
      this.#open.set(request.session, await GatewaySession.open(request, this.#ground));
      return true;
    });
  }

  /** @throws AgentdError `network_failed` when the session is not open, or an entry is wrong. */
  async update(session: string, policy: SessionPolicy): Promise<void> {
    await this.#inTurn(session, async () => {
      const known = this.#open.get(session);
      if (known === undefined) {
        throw new AgentdError("network_failed", {
          tried: `change what session ${session} reaches`,
          why: "the gateway does not have the session",
        });
      }
      known.policy = policy;
    });
  }

  /** Closes a session; one that is not open is fine. */
  async close(session: string): Promise<ControlResult<"close">> {
    return this.#inTurn(session, async () => {
      const known = this.#open.get(session);
      const end = (await known?.close()) ?? this.#ends.get(session);
      this.#open.delete(session);
      this.#ends.delete(session);
      this.#reasons.delete(session);
      return { known: end !== undefined, ...(end ?? NOTHING_LEFT_OUT) };
    });
  }

  /** A new key of a provider, for every session that has it at this address. @returns how many that are. */
  rotate({ provider, base_url: url, key }: ControlParams<"rotate">): number {
    return [...this.#open.values()].filter(({ llm }) => llm?.updateKey(provider, url, key) === true).length;
  }

  /** Resolves when a session has to end because of its language models, or when it is closed; `failed`: at once. */
  async verdict({ session, failed }: ControlParams<"verdict">): Promise<Verdict> {
    const llm = this.#open.get(session)?.llm;
    const verdict = failed ? (llm?.verdictOfFailure() ?? this.#reasons.get(session)) : await llm?.verdict();
    return verdict ?? { kind: null, cause: null };
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map(async (session) => this.close(session)));
  }

  /** Closes the sessions whose containers have ended: their sockets would keep the namespace alive. */
  async closeEnded(): Promise<void> {
    for (const [session, { request, llm }] of this.#open) {
      if (await isAlive(request.process)) continue;
      const reason = llm?.verdictOfFailure();
      const { known, ...end } = await this.close(session);
      if (!known || this.#ends.size >= ENDS_KEPT) continue;
      this.#ends.set(session, end);
      if (reason !== undefined) this.#reasons.set(session, reason);
    }
  }

  list(): ControlResult<"list">["sessions"] {
    return [...this.#open].map(([session, { request, connections, llm }]) => {
      return { session, pid: request.process.pid, connections, llm: llm?.numbers ?? null };
    });
  }

  /** Runs a task when those before it for the same session have ended. */
  async #inTurn<T>(session: string, task: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(session) ?? { enqueue: oneAtATime(), tasks: 0 };
    this.#turns.set(session, turn);
    turn.tasks += 1;
    try {
      return await turn.enqueue(task);
    } finally {
      turn.tasks -= 1;
      if (turn.tasks === 0) this.#turns.delete(session);
    }
  }
}

function isSameContainer(known: OpenSession, asked: OpenSession): boolean {
  const [a, b] = [known.process, asked.process];
  const isSame = a.pid === b.pid && a.startTime === b.startTime && known.egress_path === asked.egress_path;
  return isSame && known.llm?.path === asked.llm?.path && known.llm?.token === asked.llm?.token;
}
