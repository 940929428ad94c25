import { describe, expect, it } from "vitest";
import { Admission } from "../../../src/sessions/queue/admission.ts";
import type { AdmissionLimits, Claim } from "../../../src/sessions/queue/admission-order.ts";

const never = new AbortController().signal;
const settled = async (promise: Promise<boolean>): Promise<boolean | "waiting"> => {
  const turns = new Promise<"waiting">((resolve) => setImmediate(() => resolve("waiting")));
  return await Promise.race([promise, turns]);
};

const places = (maxSessions: number): AdmissionLimits => {
  return { maxSessions, memoryBudgetBytes: undefined, maxSessionsOf: new Map() };
};
const session = (sessionId: string, profile = "site-builder"): Claim => {
  return { sessionId, profile, memoryBytes: undefined };
};

describe("Admission", () => {
  it("admits as many as there are places and queues the rest in order", async () => {
    const admission = new Admission(places(2));
    const [first, second, third, fourth] = ["a", "b", "c", "d"].map((id) =>
      admission.enter(session(id), never),
    );

    expect(await settled(first!)).toBe(true);
    expect(await settled(second!)).toBe(true);
    expect(await settled(third!)).toBe("waiting");
    expect(admission.position("a")).toBeUndefined();
    expect(admission.position("c")).toEqual({
      position: 1,
      reason: "all 2 slots of daemon.max_sessions are taken",
    });
    expect(admission.position("d")?.position).toBe(2);

    admission.leave("a");
    expect(await settled(third!)).toBe(true);
    expect(await settled(fourth!)).toBe("waiting");
    expect(admission.position("d")?.position).toBe(1);
  });

  it("keeps the volumes of a session that has given its place back, until it leaves", async () => {
    const admission = new Admission(places(1));
    const withCache = (id: string): Claim => ({ ...session(id), volumes: ["site-builder/cache"] });
    await admission.enter(withCache("a"), never);
    const [same, other] = [withCache("b"), session("c")].map((claim) => admission.enter(claim, never));

    admission.giveBack("a");
    expect(await settled(other!)).toBe(true);
    expect(await settled(same!)).toBe("waiting");
    admission.leave("c");
    expect(await settled(same!)).toBe("waiting");
    expect(admission.position("b")?.reason).toBe("volume site-builder/cache is in use by session a");
    // Its own volumes are in nobody's way.
    const again = admission.enter(withCache("a"), never);
    expect(await settled(again)).toBe(true);
    admission.leave("a");
    expect(await settled(same!)).toBe(true);
  });

  it("gives up the place in the queue when the signal says so", async () => {
    const admission = new Admission(places(1));
    await admission.enter(session("a"), never);
    const stop = new AbortController();
    const waiting = admission.enter(session("b"), stop.signal);
    const behind = admission.enter(session("c"), never);

    stop.abort();
    expect(await waiting).toBe(false);
    expect(admission.position("c")?.position).toBe(1);
    admission.leave("a");
    expect(await settled(behind)).toBe(true);
  });

  it("lets pass who stood behind a session that has given up waiting for memory", async () => {
    const admission = new Admission({ ...places(3), memoryBudgetBytes: 4 });
    await admission.enter({ ...session("a"), memoryBytes: 2 }, never);
    const stop = new AbortController();
    const large = admission.enter({ ...session("b"), memoryBytes: 3 }, stop.signal);
    const small = admission.enter({ ...session("c"), memoryBytes: 1 }, never);
    expect(await settled(small)).toBe("waiting");

    stop.abort();
    expect(await large).toBe(false);
    expect(await settled(small)).toBe(true);
  });

  it("refuses at once what was told to stop before", async () => {
    expect(await new Admission(places(1)).enter(session("a"), AbortSignal.abort())).toBe(false);
  });

  it("admits nobody after it was closed", async () => {
    const admission = new Admission(places(1));
    await admission.enter(session("a"), never);
    const waiting = admission.enter(session("b"), never);
    admission.close();
    admission.leave("a");
    expect(await settled(waiting)).toBe("waiting");
    expect(admission.position("b")?.reason).toBe("the daemon is shutting down");
  });

  it("counts a session that runs already, also when it is told of after one that waits", async () => {
    const admission = new Admission(places(1));
    const waiting = admission.enter(session("older"), never);
    admission.enterAtOnce(session("adopted"));
    expect(await settled(waiting)).toBe("waiting");
    admission.leave("adopted");
    expect(await settled(waiting)).toBe(true);
  });

  it("lets a single session of another profile in before the rest of a hundred", async () => {
    const admission = new Admission(places(1));
    const running = session("0", "busy");
    await admission.enter(running, never);
    for (let id = 1; id < 100; id += 1) {
      const { signal } = new AbortController();
      void admission.enter(session(`${id}`, "busy"), signal);
    }
    const single = admission.enter(session("single", "quiet"), never);
    expect(await settled(single)).toBe("waiting");
    expect(admission.position("single")?.position).toBe(1);
    admission.leave("0");
    expect(await settled(single)).toBe(true);
  });

  it("takes new limits at once, and takes nothing away", async () => {
    const admission = new Admission(places(1));
    await admission.enter(session("a"), never);
    const second = admission.enter(session("b"), never);
    const third = admission.enter(session("c"), never);
    admission.limitTo(places(2));
    expect(await settled(second)).toBe(true);
    admission.limitTo(places(1));
    admission.leave("a");
    expect(await settled(third)).toBe("waiting");
    expect(admission.position("c")?.reason).toBe("all 1 slots of daemon.max_sessions are taken");
  });
});
