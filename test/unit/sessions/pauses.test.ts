import { describe, expect, it } from "vitest";
import { Pauses } from "../../../src/sessions/state/pauses.ts";

const AT = "2026-01-02T03:04:05.000Z";

describe("the pauses of a session", () => {
  it("add up, and the one that lasts counts up to now", () => {
    const pauses = new Pauses();
    expect([pauses.isPaused, pauses.pausedMs(500)]).toEqual([false, 0]);
    pauses.begin(1_000, AT);
    expect([pauses.isPaused, pauses.since, pauses.pausedMs(1_700)]).toEqual([true, AT, 700]);
    pauses.end(2_000);
    expect([pauses.isPaused, pauses.since, pauses.pausedMs(9_000)]).toEqual([false, undefined, 1_000]);
    pauses.begin(10_000, AT);
    expect(pauses.pausedMs(10_500)).toBe(1_500);
  });

  it("go on from where an earlier daemon has left them", () => {
    const current = { sinceUptimeMs: 1_000, sinceTimestamp: AT };
    const pauses = new Pauses({ earlierMs: 300, current });
    expect([pauses.isPaused, pauses.pausedMs(2_000)]).toEqual([true, 1_300]);
  });

  it("tell of each change", () => {
    let changes = 0;
    const pauses = new Pauses(undefined, () => void (changes += 1));
    const first = pauses.untilChange;
    pauses.begin(1, AT);
    expect([first.aborted, pauses.untilChange.aborted, changes]).toEqual([true, false, 1]);
    pauses.end(2);
    expect(changes).toBe(2);
  });
});
