import { timingSafeEqual } from "node:crypto";
import { TurnsByName } from "../../one-at-a-time.ts";
import { type ClaimRequest, judgeClaim, type Refusal } from "./claim-rules.ts";
import type { FilledFile, PlacedSession, PlacedSessions } from "./placed-session.ts";

/** A job that may claim a session, and what the session is given. */
export interface Expected {
  readonly session: string;
  readonly job: string;
  /** SHA-256 of its token, hexadecimal. */
  readonly tokenDigest: string;
  readonly isResume: boolean;
  readonly console: FilledFile;
  readonly record: FilledFile;
  /** What is to be run; JSON, without a secret. */
  readonly plan: string;
  /** Kept in memory until the command has them, and nowhere else. */
  readonly credentials: string;
}

export type ClaimAnswer =
  | {
      readonly kind: "granted";
      readonly plan: string;
      /** Undefined for a resume whose command has them. */
      readonly credentials: string | undefined;
    }
  | { readonly kind: "refused"; readonly why: Refusal }
  /** Nobody has told what to give it since the channel has started. */
  | { readonly kind: "later" };

/** A line about a claim, for the journal of its session. */
export interface ClaimEvent extends Pick<ClaimRequest, "job" | "node" | "bootId" | "key"> {
  readonly session: string;
  readonly event: "claimed" | "claim_refused";
  readonly why?: Refusal | undefined;
}

export interface ClaimDeskOptions {
  readonly sessions: PlacedSessions;
  /** On disk when it resolves. */
  readonly journal: (event: ClaimEvent) => Promise<void>;
}

/** What is given to a claim, in memory alone. */
interface Gift {
  readonly plan: string;
  readonly credentials: string | undefined;
}

/** Gives each session to one runner. What it answers is on disk before. */
export class ClaimDesk {
  readonly #options: ClaimDeskOptions;
  readonly #gifts = new Map<string, Gift>();
  /** By session: its changes never overlap. */
  readonly #turns = new TurnsByName();

  constructor(options: ClaimDeskOptions) {
    this.#options = options;
  }

  /** Lets a job claim a session. Again for the same job, as after a restart of the channel, it renews what is given. */
  async expect(expected: Expected): Promise<void> {
    const { session, job, tokenDigest, isResume, console, record, plan, credentials } = expected;
    await this.#turns.run(session, async () => {
      const state = (await this.#options.sessions.read(session)) ?? newSession({ console, record });
      const ticket = { tokenDigest, isResume };
      await this.#options.sessions.write(session, { ...state, tickets: { ...state.tickets, [job]: ticket } });
      this.#gifts.set(session, { plan, credentials: state.isHandedOver ? undefined : credentials });
    });
  }

  /** Tells again what a session is given, which is in memory alone. Of one that there is not, nothing is kept. */
  async supply(
    session: string,
    { plan, credentials }: Pick<Expected, "plan" | "credentials">,
  ): Promise<void> {
    await this.#turns.run(session, async () => {
      const state = await this.#options.sessions.read(session);
      if (state === undefined) return;
      this.#gifts.set(session, { plan, credentials: state.isHandedOver ? undefined : credentials });
    });
  }

  /** Whether it is known what a session is given. */
  isSupplied(session: string): boolean {
    return this.#gifts.has(session);
  }

  async claim(session: string, request: ClaimRequest): Promise<ClaimAnswer> {
    const { sessions, journal } = this.#options;
    return await this.#turns.run(session, async () => {
      const state = await sessions.read(session);
      // Whoever asks for what there is not has no journal to be written down in.
      if (state === undefined) return { kind: "refused", why: "token" };
      const { job, node, bootId, key, sealKey } = request;
      const about = { session, job, node, bootId, key };
      const verdict = judgeClaim({ ...state, claim: state.claim ?? undefined }, request);
      if (!verdict.granted) {
        if (verdict.why === "other_boot") await sessions.write(session, { ...state, laterBootId: bootId });
        await journal({ ...about, event: "claim_refused", why: verdict.why });
        return { kind: "refused", why: verdict.why };
      }
      const gift = this.#gifts.get(session);
      if (gift === undefined) return { kind: "later" };
      if (verdict.isFirst) {
        await sessions.write(session, { ...state, claim: { job, node, bootId, key, sealKey } });
        await journal({ ...about, event: "claimed" });
      }
      return {
        ...{ kind: "granted", plan: gift.plan },
        credentials: verdict.withCredentials ? gift.credentials : undefined,
      };
    });
  }

  /**
   * The session that a runner has claimed with its key.
   *
   * @returns undefined for any other: no more is told.
   */
  async claimed(session: string, key: string): Promise<PlacedSession | undefined> {
    const state = await this.state(session);
    return state?.claim && isSame(state.claim.key, key) ? state : undefined;
  }

  /** The command has its credentials: nobody gets them any more. */
  async handedOver(session: string): Promise<void> {
    await this.#change(session, (state) => ({ ...state, isHandedOver: true }));
    const gift = this.#gifts.get(session);
    if (gift !== undefined) this.#gifts.set(session, { ...gift, credentials: undefined });
  }

  /** The engine has told a runner of it to end. One of a job that the session does not have is nothing. */
  async told(session: string, told: NonNullable<PlacedSession["told"]>): Promise<void> {
    await this.#change(session, (state) =>
      Object.hasOwn(state.tickets, told.job) ? { ...state, told } : state,
    );
  }

  /** The node's record is here whole. */
  async collected(session: string, collected: NonNullable<PlacedSession["collected"]>): Promise<void> {
    await this.#change(session, (state) => ({ ...state, collected }));
  }

  /** Undefined when there is no such session. */
  async state(session: string): Promise<PlacedSession | undefined> {
    return await this.#turns.run(session, () => this.#options.sessions.read(session));
  }

  /**
   * Forgets a session that has ended: no token of it is worth anything any more.
   *
   * @returns false when a runner has claimed it and it is to be closed only while none has.
   */
  async close(session: string, { onlyUnclaimed }: { readonly onlyUnclaimed: boolean }): Promise<boolean> {
    return await this.#turns.run(session, async () => {
      const state = onlyUnclaimed ? await this.#options.sessions.read(session) : undefined;
      if ((state?.claim ?? null) !== null) return false;
      await this.#options.sessions.remove(session);
      this.#gifts.delete(session);
      return true;
    });
  }

  async #change(session: string, change: (state: PlacedSession) => PlacedSession): Promise<void> {
    await this.#turns.run(session, async () => {
      const state = await this.#options.sessions.read(session);
      if (state !== undefined) await this.#options.sessions.write(session, change(state));
    });
  }
}

function newSession({ console, record }: Pick<PlacedSession, "console" | "record">): PlacedSession {
  return {
    ...{ version: 1, console, record, tickets: {} },
    ...{ claim: null, isHandedOver: false, laterBootId: null, told: null, collected: null },
  };
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
