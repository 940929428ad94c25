import { describe, expect, it } from "vitest";
import {
  type Claim,
  type ClaimRequest,
  judgeClaim,
  type Standing,
} from "../../../src/placement/claims/claim-rules.ts";

const TICKETS = {
  first: { tokenDigest: "d1", isResume: false },
  second: { tokenDigest: "d2", isResume: false },
  resume: { tokenDigest: "d3", isResume: true },
};
const REQUEST: ClaimRequest = {
  ...{ job: "first", tokenDigest: "d1", isResume: false },
  ...{ node: "n1", bootId: "b1", key: "k1", sealKey: "s1" },
};
const RESUME: ClaimRequest = { ...REQUEST, job: "resume", tokenDigest: "d3", isResume: true };
const CLAIM: Claim = { job: "first", node: "n1", bootId: "b1", key: "k1", sealKey: "s1" };
const STANDINGS = {
  free: { tickets: TICKETS, claim: undefined, isHandedOver: false },
  claimed: { tickets: TICKETS, claim: CLAIM, isHandedOver: false },
  "handed over": { tickets: TICKETS, claim: CLAIM, isHandedOver: true },
} satisfies Record<string, Standing>;

const first = { granted: true, isFirst: true, withCredentials: true };
const again = { granted: true, isFirst: false, withCredentials: true };
const without = { granted: true, isFirst: false, withCredentials: false };
const no = (why: string) => ({ granted: false, why });

type Change = readonly [what: string, request: ClaimRequest];
const OTHERS: readonly Change[] = [
  ["another key", { ...REQUEST, key: "k2" }],
  ["another key for seals", { ...REQUEST, sealKey: "s2" }],
  ["another node", { ...REQUEST, node: "n2" }],
  ["another job with its own token", { ...REQUEST, job: "second", tokenDigest: "d2" }],
  ["another job and another key", { ...REQUEST, job: "second", tokenDigest: "d2", key: "k2" }],
  ["a resume with another key", { ...RESUME, key: "k2" }],
];
const UNKNOWN: readonly Change[] = [
  ["a wrong token", { ...REQUEST, tokenDigest: "d9" }],
  ["the token of another job", { ...REQUEST, tokenDigest: "d2" }],
  ["a job that nobody submitted", { ...REQUEST, job: "ninth" }],
  ["a name that every object has", { ...REQUEST, job: "constructor" }],
  ["a resume with the token of a start", { ...REQUEST, isResume: true }],
  ["a start with the token of a resume", { ...RESUME, isResume: false }],
];

describe("a claim", () => {
  it.each([
    ["free", REQUEST, first],
    ["claimed", REQUEST, again],
    ["handed over", REQUEST, no("handed_over")],
    ["free", RESUME, no("unclaimed")],
    ["claimed", RESUME, again],
    ["handed over", RESUME, without],
    ["claimed", { ...REQUEST, bootId: "b2" }, no("other_boot")],
    ["handed over", { ...RESUME, bootId: "b2" }, no("other_boot")],
  ] as const)("of a session that is %s: %o", (standing, request, verdict) => {
    expect(judgeClaim(STANDINGS[standing], request)).toEqual(verdict);
  });

  it.each(OTHERS)("by %s has a free session, and no other", (_what, request) => {
    expect(judgeClaim(STANDINGS.free, request)).toEqual(request.isResume ? no("unclaimed") : first);
    expect(judgeClaim(STANDINGS.claimed, request)).toEqual(no("claimed"));
    expect(judgeClaim(STANDINGS["handed over"], request)).toEqual(no("claimed"));
  });

  it.each(UNKNOWN)("with %s is told nothing", (_what, request) => {
    for (const standing of Object.values(STANDINGS))
      expect(judgeClaim(standing, request)).toEqual(no("token"));
  });

  it("is granted to one of two runners of one job, in whichever order they come", () => {
    for (const [winner, loser] of [
      ["k1", "k2"],
      ["k2", "k1"],
    ] as const) {
      const one = { ...REQUEST, key: winner };
      expect(judgeClaim(STANDINGS.free, one)).toEqual(first);
      const standing = { ...STANDINGS.free, claim: { ...CLAIM, key: winner } };
      expect(judgeClaim(standing, { ...REQUEST, key: loser })).toEqual(no("claimed"));
      expect(judgeClaim(standing, one)).toEqual(again);
    }
  });
});
