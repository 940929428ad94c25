import { describe, expect, it } from "vitest";
import { Admission } from "../../../src/sessions/admission.ts";

const never = new AbortController().signal;
const settled = async (promise: Promise<boolean>): Promise<boolean | "waiting"> => {
  const turns = new Promise<"waiting">((resolve) => setImmediate(() => resolve("waiting")));
  return await Promise.race([promise, turns]);
};

describe("Admission", () => {
  it("admits as many as there are places and queues the rest in order", async () => {
    const admission = new Admission(2);
    const [first, second, third, fourth] = ["a", "b", "c", "d"].map((id) => admission.enter(id, never));

    expect(await settled(first!)).toBe(true);
    expect(await settled(second!)).toBe(true);
    expect(await settled(third!)).toBe("waiting");
    expect(admission.position("a")).toBeUndefined();
    expect(admission.position("c")).toEqual({
      position: 1,
      reason: "all 2 places of daemon.max_sessions are taken",
    });
    expect(admission.position("d")?.position).toBe(2);

    admission.leave();
    expect(await settled(third!)).toBe(true);
    expect(await settled(fourth!)).toBe("waiting");
    expect(admission.position("d")?.position).toBe(1);
  });

  it("gives up the place in the queue when the signal says so", async () => {
    const admission = new Admission(1);
    await admission.enter("a", never);
    const stop = new AbortController();
    const waiting = admission.enter("b", stop.signal);
    const behind = admission.enter("c", never);

    stop.abort();
    expect(await waiting).toBe(false);
    expect(admission.position("c")?.position).toBe(1);
    admission.leave();
    expect(await settled(behind)).toBe(true);
  });

  it("refuses at once what was told to stop before", async () => {
    expect(await new Admission(1).enter("a", AbortSignal.abort())).toBe(false);
  });

  it("admits nobody after it was closed", async () => {
    const admission = new Admission(1);
    await admission.enter("a", never);
    const waiting = admission.enter("b", never);
    admission.close();
    admission.leave();
    expect(await settled(waiting)).toBe("waiting");
    expect(admission.position("b")?.reason).toBe("the daemon is shutting down");
  });
});
