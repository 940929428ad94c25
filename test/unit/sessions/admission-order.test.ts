import { describe, expect, it } from "vitest";
import {
  type AdmissionLimits,
  type Claim,
  decideAdmission,
  type Waiting,
} from "../../../src/sessions/queue/admission-order.ts";

const MIB = 2 ** 20;

/** Sessions as `profile` or `profile:MiB`, with `+volume` for each volume, named by their profile and number: the second of `a` is `a2`. */
function claims(text: string, from = new Map<string, number>()): Claim[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((word) => {
      const [asked = "", ...volumes] = word.split("+");
      const [profile = "", memory] = asked.split(":");
      const number = (from.get(profile) ?? 0) + 1;
      from.set(profile, number);
      return {
        sessionId: `${profile}${number}`,
        profile,
        memoryBytes: memory === undefined ? undefined : Number(memory) * MIB,
        volumes,
      };
    });
}

interface Case {
  readonly running?: string;
  readonly waiting: string;
  readonly places?: number;
  readonly budgetMib?: number;
  /** Such as `a=1 b=2`. */
  readonly limits?: string;
  readonly admitted: string;
  /** The others, in their order, each with a part of its reason. */
  readonly held?: readonly (readonly [sessionId: string, reason: string])[];
}

const FULL = "slots of daemon.max_sessions are taken";
const BEHIND = "daemon.memory_budget has too little free memory for session";

const CASES: readonly (readonly [what: string, Case])[] = [
  ["nobody when nobody waits", { waiting: "", admitted: "" }],
  [
    "who came first, as many as there are places",
    {
      waiting: "a b c",
      places: 2,
      admitted: "a1 b1",
      held: [["c1", "all 2 slots of daemon.max_sessions are taken"]],
    },
  ],
  [
    "nobody when more run than there are places",
    {
      running: "a a a",
      waiting: "b",
      places: 2,
      admitted: "",
      held: [["b1", FULL]],
    },
  ],
  [
    "one session of each profile before the second of any",
    {
      waiting: "a a a b c",
      places: 4,
      admitted: "a1 b1 c1 a2",
      held: [["a3", FULL]],
    },
  ],
  [
    "others past a session that its own profile holds back, which comes last",
    {
      running: "a",
      waiting: "a b b",
      limits: "a=1",
      places: 2,
      admitted: "b1",
      held: [
        ["b2", FULL],
        ["a2", "all 1 slots of profiles.max_sessions for a are taken"],
      ],
    },
  ],
  [
    "others past a session whose volume is in use, and the first of those that wait for it",
    {
      running: "a+x",
      waiting: "a+x b+x c",
      admitted: "c1",
      held: [
        ["a2", "volume x is in use by session a1"],
        ["b1", "volume x is in use by session a1"],
      ],
    },
  ],
  [
    "one of those that wait for a volume once it is free",
    { waiting: "a+x b+x", admitted: "a1", held: [["b1", "volume x is in use by session a1"]] },
  ],
  [
    "nobody to a volume that is kept for a session which waits for another, too",
    {
      running: "a+x",
      waiting: "b+x+y c+y d",
      admitted: "d1",
      held: [
        ["b1", "volume x is in use by session a1"],
        ["c1", "volume y is kept for session b1"],
      ],
    },
  ],
  [
    "others to the volumes of a session that its own profile holds back",
    {
      running: "a",
      waiting: "a+x b+x",
      limits: "a=1",
      admitted: "b1",
      held: [["a2", "profiles.max_sessions"]],
    },
  ],
  [
    "as many of a profile as its own limit allows",
    {
      waiting: "a a a",
      limits: "a=2",
      admitted: "a1 a2",
      held: [["a3", "profiles.max_sessions"]],
    },
  ],
  [
    "more of a profile than run only when its limit has room",
    {
      running: "a a",
      waiting: "a",
      limits: "a=1",
      admitted: "",
      held: [["a3", "profiles.max_sessions"]],
    },
  ],
  [
    "as many as the budget of memory has room for",
    {
      running: "a:300",
      waiting: "b:200 c:100",
      budgetMib: 600,
      admitted: "b1 c1",
    },
  ],
  [
    "nobody past a session that waits for memory",
    {
      running: "a:300",
      waiting: "b:400 c:100 d:100",
      budgetMib: 600,
      admitted: "",
      held: [
        ["b1", "needs 400 MiB, but only 300 MiB of daemon.memory_budget is free"],
        ["c1", `${BEHIND} b1, which is first`],
        ["d1", `${BEHIND} b1, which is first`],
      ],
    },
  ],
  [
    "others past one that its own profile holds back, however much memory it takes",
    {
      running: "a:100",
      waiting: "a:600 b:100",
      limits: "a=1",
      budgetMib: 600,
      admitted: "b1",
      held: [["a2", "profiles.max_sessions"]],
    },
  ],
  [
    "alone who needs more than the whole budget, once no other needs memory",
    {
      waiting: "a:900 b:100",
      budgetMib: 600,
      admitted: "a1",
      held: [["b1", "needs 100 MiB, but only 0 MiB of daemon.memory_budget is free"]],
    },
  ],
  [
    "whoever has no limit of memory, which adds nothing to the sum",
    {
      running: "a:600",
      waiting: "b",
      budgetMib: 600,
      admitted: "b1",
    },
  ],
];

const limitsOf = ({ places = 10, budgetMib, limits = "" }: Case): AdmissionLimits => ({
  maxSessions: places,
  memoryBudgetBytes: budgetMib === undefined ? undefined : budgetMib * MIB,
  maxSessionsOf: new Map(
    limits
      .split(" ")
      .filter(Boolean)
      .map((each) => [each.split("=")[0]!, Number(each.split("=")[1])]),
  ),
});

describe("the order of admission", () => {
  it.each(CASES)("admits %s", (_what, each) => {
    const numbers = new Map<string, number>();
    const running = claims(each.running ?? "", numbers);
    const waiting = claims(each.waiting, numbers).map((claim) => ({ claim, cameInRound: 1 }));
    const verdicts = decideAdmission({ waiting, running, rounds: new Map(), limits: limitsOf(each) });

    const isAdmitted = ({ reason }: { reason: string | undefined }) => reason === undefined;
    expect(
      verdicts
        .filter(isAdmitted)
        .map(({ claim }) => claim.sessionId)
        .join(" "),
    ).toBe(each.admitted);
    const held = verdicts.slice(verdicts.filter(isAdmitted).length);
    expect(held.map(({ claim }) => claim.sessionId)).toEqual((each.held ?? []).map(([id]) => id));
    for (const [index, [, reason]] of (each.held ?? []).entries())
      expect(held[index]?.reason).toContain(reason);
  });

  it("has a session that came in a later round behind those that wait since an earlier one", () => {
    const [early, late] = claims("b a") as [Claim, Claim];
    const waiting: Waiting[] = [
      { claim: early, cameInRound: 1 },
      { claim: late, cameInRound: 1 },
    ];
    // The last session of b was admitted in the third round.
    const limits = { maxSessions: 1, memoryBudgetBytes: undefined, maxSessionsOf: new Map<string, number>() };
    const verdicts = decideAdmission({ waiting, running: [], rounds: new Map([["b", 3]]), limits });
    expect(verdicts.map(({ claim, round }) => [claim.sessionId, round])).toEqual([
      ["a1", 1],
      ["b1", 4],
    ]);
  });
});

describe("the order of admission, against who would be overtaken for ever", () => {
  it("shares the rounds that are to come between a profile that has had many and a new one", () => {
    const limits = {
      maxSessions: 10,
      memoryBudgetBytes: undefined,
      maxSessionsOf: new Map<string, number>(),
    };
    const waiting = claims("a a a b b b").map((claim) => ({ claim, cameInRound: 5 }));
    const verdicts = decideAdmission({ waiting, running: [], rounds: new Map([["a", 5]]), limits });
    expect(verdicts.map(({ claim }) => claim.sessionId)).toEqual(["b1", "a1", "b2", "a2", "b3", "a3"]);
  });

  it("lets a large session in when those before it have left, however many small ones come", () => {
    const limits = { maxSessions: 10, memoryBudgetBytes: 4 * MIB, maxSessionsOf: new Map<string, number>() };
    const small = (number: number): Claim => ({ sessionId: `${number}`, profile: "s", memoryBytes: MIB });
    const large = { sessionId: "large", profile: "l", memoryBytes: 4 * MIB };
    const running = [small(0), small(1)];
    const waiting: Waiting[] = [{ claim: large, cameInRound: 1 }];
    for (let number = 2; running.length > 0; number += 1) {
      waiting.push({ claim: small(number), cameInRound: 1 });
      const verdicts = decideAdmission({ waiting, running, rounds: new Map(), limits });
      expect(verdicts.filter(({ reason }) => reason === undefined)).toEqual([]);
      running.shift();
    }
    const [first] = decideAdmission({ waiting, running, rounds: new Map(), limits });
    expect(first).toMatchObject({ claim: large, reason: undefined });
  });
});

/** Numbers from 0 up to a bound, the same ones for the same seed. */
function randomNumbers(seed: number): (bound: number) => number {
  // Spread out, or the first numbers of neighbouring seeds would be the same.
  let state = Math.imul(seed + 1, 2_654_435_761);
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

interface Observed extends Waiting {
  /** Who was in the queue or in place when it came. */
  readonly bound: number;
  /** How many others were admitted before it, while its own profile had room. */
  passed: number;
}

const PROFILES = ["a", "b", "c", "d"] as const;

/** A day of a daemon: sessions come and leave at random, and the rules admit them. */
function observe(seed: number): void {
  const random = randomNumbers(seed);
  const budgetBytes = random(2) === 0 ? undefined : (4 + random(8)) * MIB;
  const limits: AdmissionLimits = {
    maxSessions: 1 + random(5),
    memoryBudgetBytes: budgetBytes,
    maxSessionsOf: new Map(PROFILES.filter(() => random(2) === 0).map((profile) => [profile, 1 + random(3)])),
  };
  const rounds = new Map<string, number>();
  let round = 1;
  let waiting: Observed[] = [];
  const running = new Map<string, Claim>();

  for (let event = 0; event < 300; event += 1) {
    const isNew = running.size === 0 || random(5) < (waiting.length < 8 ? 3 : 1);
    if (isNew) {
      // Mostly one profile, which shall not have the daemon to itself.
      const profile = random(3) > 0 ? "a" : PROFILES[random(PROFILES.length)]!;
      // Mostly small sessions, which shall not keep the large ones out.
      const memoryBytes = random(8) > 0 ? MIB : (budgetBytes ?? MIB);
      const ahead = waiting.filter(({ claim }) => claim.profile === profile).length;
      const bound = waiting.length + PROFILES.length * (ahead + 2);
      const claim = { sessionId: `${event}`, profile, memoryBytes };
      waiting = [...waiting, { claim, cameInRound: round, bound, passed: 0 }];
    } else {
      running.delete([...running.keys()][random(running.size)]!);
    }

    const verdicts = decideAdmission({ waiting, running: running.values(), rounds, limits });
    const admitted = verdicts.filter(({ reason }) => reason === undefined);
    const hasRoom = new Map(
      verdicts.map(({ claim, reason }) => [claim.sessionId, !reason?.includes("profiles.")]),
    );
    waiting = waiting.filter(({ claim }) => !admitted.some((each) => each.claim === claim));
    for (const each of waiting)
      if (hasRoom.get(each.claim.sessionId) === true) each.passed += admitted.length;
    for (const { claim, round: its } of admitted) {
      running.set(claim.sessionId, claim);
      rounds.set(claim.profile, its);
      round = Math.max(round, its);
    }

    const memory = [...running.values()].reduce((sum, { memoryBytes = 0 }) => sum + memoryBytes, 0);
    const runs = (profile: string): number =>
      [...running.values()].filter((claim) => claim.profile === profile).length;
    const broken = {
      places: running.size > limits.maxSessions,
      budget: memory > (budgetBytes ?? Number.POSITIVE_INFINITY),
      profiles: [...limits.maxSessionsOf].filter(([profile, limit]) => runs(profile) > limit),
      patience: waiting.filter(({ passed, bound }) => passed > bound),
      // Whenever nothing runs, somebody is let in.
      standstill: running.size === 0 ? waiting : [],
    };
    expect(broken).toEqual({ places: false, budget: false, profiles: [], patience: [], standstill: [] });
  }
}

describe("the order of admission, with sessions that come and go at random", () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "keeps every limit and lets nobody wait for more than a bounded number of others (seed %i)",
    (seed) => observe(seed),
  );
});
