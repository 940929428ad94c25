/**
 * Who may begin, and what each of the others waits for: a pure function of who waits, who runs and what is allowed.
 *
 * Sessions are admitted in rounds. In a round each profile has one session; within it, who came first is first. A session
 * comes into the round at hand, or into the one after that of its profile's session before it. So a profile that asks for a
 * hundred sessions gets a hundred rounds, and one of another profile that comes later is in the first of them.
 *
 * Whoever is held back by its own profile's limit lets the others pass. Whoever is held back by what all share, places or
 * memory, lets nobody pass: what becomes free is kept for it. So no session waits for ever: only those that came before
 * it and those of earlier rounds go first, and no round that is past gets new ones.
 */

/** What a session takes of what is shared while it runs. */
export interface Claim {
  readonly sessionId: string;
  readonly profile: string;
  /** Undefined: the session has no limit, so it adds nothing to the sum of limits. */
  readonly memoryBytes: number | undefined;
}

/** A session in the queue. */
export interface Waiting {
  readonly claim: Claim;
  /** The round that was at hand when it came. */
  readonly cameInRound: number;
}

/** What may be between admission and leaving at once. */
export interface AdmissionLimits {
  /** At least 1. */
  readonly maxSessions: number;
  /** What the limits of memory may add up to; undefined: anything. */
  readonly memoryBudgetBytes: number | undefined;
  /** How many sessions of a profile there may be, at least 1; profiles that are missing have no limit of their own. */
  readonly maxSessionsOf: ReadonlyMap<string, number>;
}

/** What is decided about. */
export interface Situation {
  /** In the order in which they came. */
  readonly waiting: readonly Waiting[];
  readonly running: Iterable<Claim>;
  /** The round of each profile's session that was admitted last. */
  readonly rounds: ReadonlyMap<string, number>;
  readonly limits: AdmissionLimits;
}

/** What is decided about one session that waits. */
export interface Verdict {
  readonly claim: Claim;
  readonly round: number;
  /** What it waits for; undefined: it is admitted now. */
  readonly reason: string | undefined;
}

/** Decides about all that wait; those that their own profile holds back come last. */
export function judge({ waiting, running, rounds, limits }: Situation): Verdict[] {
  const taken = new Taken(running, limits);
  const inTurn: Verdict[] = [];
  const heldBack: Verdict[] = [];
  let reasonBehind: string | undefined;
  for (const { claim, round } of inOrder(waiting, rounds)) {
    const own = taken.refusalByProfile(claim);
    if (own !== undefined) {
      heldBack.push({ claim, round, reason: own });
      continue;
    }
    const reason = reasonBehind ?? taken.refusal(claim);
    inTurn.push({ claim, round, reason });
    if (reason === undefined) taken.add(claim);
    else reasonBehind ??= taken.isFull ? reason : behind(claim);
  }
  return [...inTurn, ...heldBack];
}

function inOrder(
  waiting: readonly Waiting[],
  rounds: ReadonlyMap<string, number>,
): { readonly claim: Claim; readonly round: number }[] {
  const last = new Map(rounds);
  return waiting
    .map(({ claim, cameInRound }) => {
      const round = Math.max(cameInRound, (last.get(claim.profile) ?? 0) + 1);
      last.set(claim.profile, round);
      return { claim, round };
    })
    .sort((a, b) => a.round - b.round); // Stable: within a round, the order in which they came.
}

function behind({ sessionId }: Claim): string {
  return `daemon.memory_budget has too little free memory for session ${sessionId}, which is first in the queue`;
}

/** What is taken of what is limited. */
class Taken {
  readonly #limits: AdmissionLimits;
  readonly #sessionsOf = new Map<string, number>();
  #sessions = 0;
  #memoryBytes = 0;

  constructor(running: Iterable<Claim>, limits: AdmissionLimits) {
    this.#limits = limits;
    for (const claim of running) this.add(claim);
  }

  /** Whether there is no place for any session. */
  get isFull(): boolean {
    return this.#sessions >= this.#limits.maxSessions;
  }

  add({ profile, memoryBytes = 0 }: Claim): void {
    this.#sessions += 1;
    this.#memoryBytes += memoryBytes;
    this.#sessionsOf.set(profile, (this.#sessionsOf.get(profile) ?? 0) + 1);
  }

  refusalByProfile({ profile }: Claim): string | undefined {
    const limit = this.#limits.maxSessionsOf.get(profile);
    if (limit === undefined || (this.#sessionsOf.get(profile) ?? 0) < limit) return undefined;
    return `all ${limit} slots of profiles.max_sessions for ${profile} are taken`;
  }

  refusal({ memoryBytes = 0 }: Claim): string | undefined {
    const { maxSessions, memoryBudgetBytes } = this.#limits;
    if (this.isFull) return `all ${maxSessions} slots of daemon.max_sessions are taken`;
    if (memoryBudgetBytes === undefined || memoryBytes === 0) return undefined;
    // One that was accepted under a larger budget than there is now runs when no other needs memory.
    if (this.#memoryBytes === 0 || this.#memoryBytes + memoryBytes <= memoryBudgetBytes) return undefined;
    const free = Math.max(0, memoryBudgetBytes - this.#memoryBytes);
    return `needs ${mebibytes(memoryBytes)}, but only ${mebibytes(free)} of daemon.memory_budget is free`;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
