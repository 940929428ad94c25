import { describe, expect, it } from "vitest";
import { type SessionChange, SessionFeed } from "../../../src/sessions/state/feed.ts";

const busy = (sessionId: string): SessionChange => ({ kind: "busy", sessionId });

describe("the feed of what happens to sessions", () => {
  it("tells every listener every change, in order, until it listens no more", () => {
    const feed = new SessionFeed();
    const told: SessionChange[] = [];
    const unsubscribe = feed.subscribe((change) => told.push(change));
    feed.publish(busy("a"));
    feed.publish({ kind: "queue" });
    unsubscribe();
    feed.publish(busy("b"));
    expect(told).toEqual([busy("a"), { kind: "queue" }]);
  });

  it("wakes who waits for a session at its change or the queue's, and not at another session's", async () => {
    const feed = new SessionFeed();
    const { signal } = new AbortController();
    let woken = 0;
    const wait = async (id: string): Promise<void> => {
      await feed.next(id, signal);
      woken += 1;
    };
    const [a, b] = [wait("a"), wait("b")];
    feed.publish(busy("b"));
    await b;
    expect(woken).toBe(1);
    feed.publish({ kind: "queue" });
    await a;
    expect(woken).toBe(2);
  });

  it("rejects with the signal's reason when nobody waits any more", async () => {
    const leaving = new AbortController();
    const next = new SessionFeed().next("a", leaving.signal);
    leaving.abort(new Error("left"));
    await expect(next).rejects.toThrow("left");
    await expect(new SessionFeed().next("a", leaving.signal)).rejects.toThrow("left");
  });
});
