import { describe, expect, it } from "vitest";
import type { EndOrder } from "../../../src/sessions/state/end-orders.ts";
import { EndOrders } from "../../../src/sessions/state/end-orders.ts";

const STOP: EndOrder = { outcome: "cancelled", cause: "stopped by the operator", graceMs: 1_000 };
const DEADLINE: EndOrder = { outcome: "timed_out", cause: "ran longer than 5 s", graceMs: 1_000 };

describe("an order to end a session", () => {
  it("is journaled before it is obeyed, and both before it is acknowledged", async () => {
    let journaled: () => void = () => undefined;
    const orders = new EndOrders(() => new Promise((resolve) => (journaled = resolve)), undefined);
    let isAcknowledged = false;
    const given = orders.give(STOP).then(() => (isAcknowledged = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([orders.signal.aborted, isAcknowledged, orders.taken]).toEqual([false, false, STOP]);
    journaled();
    await given;
    expect(await orders.first()).toBe(STOP);
  });

  it("stays the first one, and is journaled alone", async () => {
    const lines: EndOrder[] = [];
    const orders = new EndOrders((order) => Promise.resolve(void lines.push(order)), undefined);
    await Promise.all([orders.give(STOP), orders.give(DEADLINE)]);
    expect(lines).toEqual([STOP]);
    expect(orders.ending()).toMatchObject({ outcome: "cancelled" });
  });

  it("is obeyed and not acknowledged when it cannot be journaled", async () => {
    const orders = new EndOrders(() => Promise.reject(new Error("ENOSPC")), undefined);
    await expect(orders.give(STOP)).rejects.toThrow("ENOSPC");
    expect(orders.signal.reason).toBe(STOP);
  });

  it("of an earlier daemon is given already, and stays the first one", async () => {
    const lines: EndOrder[] = [];
    const orders = new EndOrders((order) => Promise.resolve(void lines.push(order)), DEADLINE);
    expect(orders.signal.reason).toBe(DEADLINE);
    await orders.give(STOP);
    expect([lines, await orders.first()]).toEqual([[], DEADLINE]);
  });
});
