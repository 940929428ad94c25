import { describe, expect, it } from "vitest";
import {
  type Attempts,
  decidePlaced,
  type HeldClaim,
  MOST_FAILED,
  MOST_SUBMITS,
  type PlacedDecision,
} from "../../../src/placement/decide-placed.ts";
import type { Observation } from "../../../src/placement/placement.ts";

const CLAIM: HeldClaim = { bootId: "b1", laterBootId: undefined, isConnected: false };
const CLAIMS = {
  none: undefined,
  away: CLAIM,
  "away, same boot": { ...CLAIM, laterBootId: "b1" },
  talks: { ...CLAIM, isConnected: true },
  "talks, same boot": { ...CLAIM, laterBootId: "b1", isConnected: true },
  "other boot": { ...CLAIM, laterBootId: "b2" },
  "other boot, talks": { ...CLAIM, laterBootId: "b2", isConnected: true },
} satisfies Record<string, HeldClaim | undefined>;

const OBSERVATIONS: Record<Observation["at"], Observation> = {
  queued: { at: "queued", reason: "Resources" },
  running: { at: "running", node: "n1" },
  ended: { at: "ended", engineState: "COMPLETED", node: "n1" },
  absent: { at: "absent" },
  unknown: { at: "unknown", why: "slurmctld does not answer" },
};
/** What an engine calls an end is never believed. */
const ENDS = ["COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY"];

const ATTEMPTS = {
  none: { submitted: 0, failed: 0, isGivenUp: false },
  some: { submitted: MOST_FAILED - 1, failed: MOST_FAILED - 1, isGivenUp: false },
  "nearly all": { submitted: MOST_SUBMITS - 1, failed: MOST_FAILED - 1, isGivenUp: false },
  failed: { submitted: MOST_FAILED, failed: MOST_FAILED, isGivenUp: false },
  lost: { submitted: MOST_SUBMITS, failed: 0, isGivenUp: false },
  "given up": { submitted: 1, failed: 0, isGivenUp: true },
} satisfies Record<string, Attempts>;

interface Row {
  readonly claims: readonly (keyof typeof CLAIMS)[];
  readonly at: readonly Observation["at"][];
  readonly collected: boolean;
  readonly attempts: readonly (keyof typeof ATTEMPTS)[];
  readonly then: PlacedDecision;
}

const ALL_CLAIMS = Object.keys(CLAIMS) as (keyof typeof CLAIMS)[];
const ALL_AT = Object.keys(OBSERVATIONS) as Observation["at"][];
const ALL_ATTEMPTS = Object.keys(ATTEMPTS) as (keyof typeof ATTEMPTS)[];
const NOT_GIVEN_UP = ["none", "some", "nearly all", "failed", "lost"] as const;
const MAY_LIVE = ["queued", "running", "unknown"] as const;
const IS_GONE = ["ended", "absent"] as const;
const AWAY = ["away", "away, same boot"] as const;

/** Every combination is in exactly one row. */
const TABLE: readonly Row[] = [
  { claims: ALL_CLAIMS, at: ALL_AT, collected: true, attempts: ALL_ATTEMPTS, then: "seal" },
  { claims: ALL_CLAIMS, at: ALL_AT, collected: false, attempts: ["given up"], then: "interrupted" },
  {
    ...{ claims: ["other boot", "other boot, talks"], at: ALL_AT, collected: false },
    ...{ attempts: NOT_GIVEN_UP, then: "interrupted" },
  },
  {
    ...{ claims: ["talks", "talks, same boot"], at: ALL_AT, collected: false },
    ...{ attempts: NOT_GIVEN_UP, then: "wait" },
  },
  {
    ...{ claims: ["none", ...AWAY], at: MAY_LIVE, collected: false },
    ...{ attempts: NOT_GIVEN_UP, then: "wait" },
  },
  { claims: AWAY, at: IS_GONE, collected: false, attempts: NOT_GIVEN_UP, then: "resume_on_node" },
  {
    claims: ["none"],
    at: IS_GONE,
    collected: false,
    attempts: ["none", "some", "nearly all"],
    then: "submit",
  },
  { claims: ["none"], at: IS_GONE, collected: false, attempts: ["failed", "lost"], then: "launch_failed" },
];

describe("what is done about a placed session", () => {
  const cases = ALL_CLAIMS.flatMap((claim) =>
    ALL_AT.flatMap((at) =>
      [true, false].flatMap((collected) =>
        ALL_ATTEMPTS.map((attempts) => ({ claim, at, collected, attempts })),
      ),
    ),
  );

  it.each(cases)("claim $claim, job $at, collected $collected, attempts $attempts", (given) => {
    const rows = TABLE.filter(
      (row) =>
        row.claims.includes(given.claim) &&
        row.at.includes(given.at) &&
        row.collected === given.collected &&
        row.attempts.includes(given.attempts),
    );
    expect(rows).toHaveLength(1);
    const decided = decidePlaced(
      CLAIMS[given.claim],
      OBSERVATIONS[given.at],
      given.collected,
      ATTEMPTS[given.attempts],
    );
    expect(decided).toBe(rows[0]?.then);
  });

  it.each(ENDS)("is the same whatever the engine calls the end: %s", (engineState) => {
    const observation: Observation = { at: "ended", engineState };
    expect(decidePlaced(CLAIM, observation, false, ATTEMPTS.some)).toBe("resume_on_node");
    expect(decidePlaced(undefined, observation, false, ATTEMPTS.some)).toBe("submit");
  });
});
