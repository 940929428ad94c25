import { describe, expect, it } from "vitest";
import type { AgentdError } from "../../../src/errors.ts";
import { IDLE_MS, Logins, MOST_FAILURES, SECRET_MS } from "../../../src/web/guard/logins.ts";

function atTime(): { logins: Logins; pass: (ms: number) => void } {
  let now = 1_000;
  return { logins: new Logins(() => now), pass: (ms) => void (now += ms) };
}

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as AgentdError).code;
  }
  return "none";
}

describe("a secret for a login", () => {
  it("is long, and different each time", () => {
    const { logins } = atTime();
    const [one, other] = [logins.mint(), logins.mint()];
    expect(Buffer.from(one, "base64url")).toHaveLength(32);
    expect(one).not.toBe(other);
  });

  it("logs in once", () => {
    const { logins } = atTime();
    const secret = logins.mint();
    const cookie = logins.redeem(secret);
    expect(logins.use(cookie)).toBe(true);
    expect(refusalOf(() => logins.redeem(secret))).toBe("login_refused");
    expect(logins.count).toBe(1);
  });

  it("is of use for a minute", () => {
    const { logins, pass } = atTime();
    const [early, late] = [logins.mint(), logins.mint()];
    pass(SECRET_MS - 1);
    logins.redeem(early);
    pass(1);
    expect(refusalOf(() => logins.redeem(late))).toBe("login_refused");
  });

  it("cannot be guessed at will: after ten wrong ones even the right one is refused for a minute", () => {
    const { logins, pass } = atTime();
    pass(SECRET_MS);
    for (let guess = 0; guess < MOST_FAILURES; guess += 1)
      expect(refusalOf(() => logins.redeem(`guess-${guess}`))).toBe("login_refused");
    const secret = logins.mint();
    expect(refusalOf(() => logins.redeem(secret))).toBe("login_refused");
    pass(60_000);
    expect(refusalOf(() => logins.redeem(logins.mint()))).toBe("none");
  });
});

describe("a login", () => {
  it("lasts while it is used, and ends after 12 hours without a request", () => {
    const { logins, pass } = atTime();
    const cookie = logins.redeem(logins.mint());
    for (let day = 0; day < 3; day += 1) {
      pass(IDLE_MS - 1);
      expect(logins.use(cookie)).toBe(true);
    }
    pass(IDLE_MS);
    expect(logins.use(cookie)).toBe(false);
  });

  it("ends alone, or with all others and with the secrets that nobody used", () => {
    const { logins } = atTime();
    const [one, other, third] = [0, 1, 2].map(() => logins.redeem(logins.mint()));
    logins.end(one!);
    expect([one, other, third].map((cookie) => logins.use(cookie!))).toEqual([false, true, true]);
    const unused = logins.mint();
    expect(logins.endAll()).toBe(2);
    expect([other, third].map((cookie) => logins.use(cookie!))).toEqual([false, false]);
    expect(refusalOf(() => logins.redeem(unused))).toBe("login_refused");
  });

  it("is no longer known when a thousand newer ones are, so nobody fills the memory", () => {
    const { logins } = atTime();
    const first = logins.redeem(logins.mint());
    for (let more = 0; more < 1_000; more += 1) logins.redeem(logins.mint());
    expect(logins.use(first)).toBe(false);
    expect(logins.count).toBe(1_000);
  });
});
