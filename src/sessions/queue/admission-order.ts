/**
 * Which sessions may begin, and what each of the others waits for: a pure function of the waiting sessions, the running
 * ones and the limits.
 *
 * Sessions are admitted in rounds. In a round each profile has one session; within a round, the order is that of
 * arrival. A session joins the current round, or the round after that of its profile's previous session. So a profile
 * that asks for a hundred sessions gets a hundred rounds, and a later session of another profile is in the first of
 * them.
 *
 * A session that its own profile's limit holds back, or a volume that another session has, lets the others pass. Of the sessions
 * that wait for a volume, the first gets it. A session that lacks a shared resource, a
 * place or memory, lets no other pass: what becomes free is kept for it. So no session waits for ever: only earlier
 * sessions and those of earlier rounds go first, and a past round gets no new sessions.
 */

/** The shared resources that a session takes while it runs. */
export interface Claim {
  readonly sessionId: string;
  readonly profile: string;
  /** Undefined: the session has no limit, so it adds nothing to the sum of limits. */
  readonly memoryBytes: number | undefined;
  /** Ids of volumes that only one session may have at a time. Default: none. */
  readonly volumes?: readonly string[];
  /** Whether it runs on another machine, and takes nothing of this host. Default false. */
  readonly isPlaced?: boolean;
}

/** A session in the queue. */
export interface Waiting {
  readonly claim: Claim;
  /** The current round when it came. */
  readonly cameInRound: number;
}

/** The limits on sessions between admission and leaving. */
export interface AdmissionLimits {
  /** At least 1. */
  readonly maxSessions: number;
  /** The limit on the sum of memory limits; undefined: none. */
  readonly memoryBudgetBytes: number | undefined;
  /** The limit on sessions of a profile, at least 1; a profile that is missing has no limit of its own. */
  readonly maxSessionsOf: ReadonlyMap<string, number>;
  /** The limit on sessions on other machines, at least 1. Default: none. */
  readonly maxPlaced?: number | undefined;
}

/** The queue, what runs, and the limits. */
export interface Situation {
  /** In the order in which they came. */
  readonly waiting: readonly Waiting[];
  readonly running: Iterable<Claim>;
  /** Sessions that have given their place back and still have their volumes. Default: none. */
  readonly ending?: Iterable<Claim>;
  /** The round of each profile's session that was admitted last. */
  readonly rounds: ReadonlyMap<string, number>;
  readonly limits: AdmissionLimits;
}

/** The decision about one waiting session. */
export interface Verdict {
  readonly claim: Claim;
  readonly round: number;
  /** What it waits for; undefined: it is admitted now. */
  readonly reason: string | undefined;
}

/** Decides about all waiting sessions; those that their own profile or a volume holds back come last. */
export function decideAdmission({ waiting, running, ending = [], rounds, limits }: Situation): Verdict[] {
  const taken = new Taken(running, limits);
  for (const claim of ending) taken.addVolumes(claim);
  const inTurn: Verdict[] = [];
  const heldBack: Verdict[] = [];
  // Sessions on other machines wait behind each other, and for nothing of this host.
  const reasonBehind = { here: undefined as string | undefined, placed: undefined as string | undefined };
  for (const { claim, round } of inOrder(waiting, rounds)) {
    const byVolume = taken.refusalByVolume(claim);
    const own = taken.refusalByProfile(claim) ?? byVolume;
    if (own !== undefined) {
      // Or others would have its other volumes in turn, and it would wait for ever.
      if (own === byVolume) taken.keepVolumes(claim);
      heldBack.push({ claim, round, reason: own });
      continue;
    }
    const line = claim.isPlaced === true ? "placed" : "here";
    const reason = reasonBehind[line] ?? taken.refusal(claim);
    inTurn.push({ claim, round, reason });
    if (reason === undefined) taken.add(claim);
    else reasonBehind[line] ??= line === "placed" || taken.isFull ? reason : behind(claim);
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

/** The use of the limited resources. */
class Taken {
  readonly #limits: AdmissionLimits;
  readonly #sessionsOf = new Map<string, number>();
  /** By volume: who has it, or is to have it next. */
  readonly #volumes = new Map<string, { readonly sessionId: string; readonly has: boolean }>();
  #sessions = 0;
  #placed = 0;
  #memoryBytes = 0;

  constructor(running: Iterable<Claim>, limits: AdmissionLimits) {
    this.#limits = limits;
    for (const claim of running) this.add(claim);
  }

  /** Whether there is no place for any session. */
  get isFull(): boolean {
    return this.#sessions >= this.#limits.maxSessions;
  }

  add(claim: Claim): void {
    const { profile, memoryBytes = 0, isPlaced = false } = claim;
    this.addVolumes(claim);
    if (isPlaced) this.#placed += 1;
    else {
      this.#sessions += 1;
      this.#memoryBytes += memoryBytes;
    }
    this.#sessionsOf.set(profile, (this.#sessionsOf.get(profile) ?? 0) + 1);
  }

  addVolumes({ sessionId, volumes = [] }: Claim): void {
    for (const volume of volumes) this.#volumes.set(volume, { sessionId, has: true });
  }

  /** Keeps the volumes that nobody has for a session that waits for others. */
  keepVolumes({ sessionId, volumes = [] }: Claim): void {
    for (const volume of volumes)
      if (!this.#volumes.has(volume)) this.#volumes.set(volume, { sessionId, has: false });
  }

  refusalByVolume({ sessionId, volumes = [] }: Claim): string | undefined {
    for (const volume of volumes) {
      const holder = this.#volumes.get(volume);
      if (holder === undefined || holder.sessionId === sessionId) continue;
      return `volume ${volume} is ${holder.has ? "in use by" : "kept for"} session ${holder.sessionId}`;
    }
    return undefined;
  }

  refusalByProfile({ profile }: Claim): string | undefined {
    const limit = this.#limits.maxSessionsOf.get(profile);
    if (limit === undefined || (this.#sessionsOf.get(profile) ?? 0) < limit) return undefined;
    return `all ${limit} slots of profiles.max_sessions for ${profile} are taken`;
  }

  refusal({ memoryBytes = 0, isPlaced = false }: Claim): string | undefined {
    const { maxSessions, memoryBudgetBytes, maxPlaced = Infinity } = this.#limits;
    if (isPlaced)
      return this.#placed < maxPlaced
        ? undefined
        : `all ${maxPlaced} slots of placement.max_sessions are taken`;
    if (this.isFull) return `all ${maxSessions} slots of daemon.max_sessions are taken`;
    if (memoryBudgetBytes === undefined || memoryBytes === 0) return undefined;
    // A session that was accepted under a larger budget runs when no other needs memory.
    if (this.#memoryBytes === 0 || this.#memoryBytes + memoryBytes <= memoryBudgetBytes) return undefined;
    const free = Math.max(0, memoryBudgetBytes - this.#memoryBytes);
    return `needs ${mebibytes(memoryBytes)}, but only ${mebibytes(free)} of daemon.memory_budget is free`;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
