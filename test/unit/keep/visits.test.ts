import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Visits } from "../../../src/keep/visits.ts";

/** A clock on which no time passes until it is set forward. */
function clock(): {
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly uptime: () => number;
} {
  return { now: () => 0, monotonic: () => performance.now(), uptime: () => 0 };
}

describe("a visit", () => {
  it("lasts until its client is gone", async () => {
    const visits = new Visits(clock());
    const visit = visits.begin("s", "ref");
    const client = new AbortController();
    const attended = visits.attend("ref", client.signal);
    await delay(10);
    expect(visit.over.aborted).toBe(false);
    client.abort();
    await attended;
    expect(visit.over.aborted).toBe(true);
    expect(visits.of("s")).toHaveLength(1);
    visits.ended(visit);
    expect(visits.of("s")).toEqual([]);
  });

  it("is over for a client that was gone before it came to it", async () => {
    const visits = new Visits(clock());
    const visit = visits.begin("s", "ref");
    await visits.attend("ref", AbortSignal.abort());
    expect(visit.over.aborted).toBe(true);
  });

  it("ends by itself where nobody attends it", async () => {
    let monotonic = 0;
    const visits = new Visits({ now: () => 0, monotonic: () => (monotonic += 120_000), uptime: () => 0 });
    const visit = visits.begin("s", "ref");
    await delay(10);
    expect(visit.over.aborted).toBe(true);
  });

  it("ends with those of its session, and not with others", () => {
    const visits = new Visits(clock());
    const [one, other] = [visits.begin("s", "one"), visits.begin("t", "other")];
    visits.end({ sessionId: "s" });
    expect([one.over.aborted, other.over.aborted]).toEqual([true, false]);
    visits.end({});
    expect(other.over.aborted).toBe(true);
  });

  it("is none where there is no such container", async () => {
    await new Visits(clock()).attend("nowhere", new AbortController().signal);
  });
});
