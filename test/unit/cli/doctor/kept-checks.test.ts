import { describe, expect, it } from "vitest";
import { keptFindings } from "../../../../src/cli/doctor/kept-checks.ts";
import type { KeptEntry } from "../../../../src/keep/kept-entry.ts";

const GIB = 1024 ** 3;
const UNTIL = "2026-06-01T12:00:00.000Z";

/** What the check looks at of an entry. */
function kept(session_id: string, gib: number): KeptEntry {
  return { session_id, bytes: gib * GIB, until_timestamp: UNTIL } as KeptEntry;
}

function findings(
  entries: readonly KeptEntry[],
  { lateMin = -60, daemonRuns = true, unreadable = [] as { sessionId: string; why: string }[] } = {},
) {
  const nowMs = Date.parse(UNTIL) + lateMin * 60_000;
  return keptFindings({ entries, unreadable }, { nowMs, keepMaxBytes: 20 * GIB, daemonRuns });
}

describe("kept sessions", () => {
  it("are none, or so many with so much", () => {
    expect(findings([])).toEqual([{ status: "ok", summary: "no session is kept", fix: null }]);
    expect(findings([kept("00000000000a0001", 1)])).toMatchObject([
      { status: "ok", summary: "1 session is kept, with 1.0 GiB of 20 GiB (keep_max)" },
    ]);
    expect(findings([kept("00000000000a0001", 1), kept("00000000000a0002", 2)])).toMatchObject([
      { status: "ok", summary: "2 sessions are kept, with 3.0 GiB of 20 GiB (keep_max)" },
    ]);
  });

  it("are given some minutes to be removed", () => {
    expect(findings([kept("00000000000a0001", 1)], { lateMin: 9 })).toMatchObject([{ status: "ok" }]);
  });

  it("that are past their time are told, with what removes them", () => {
    const two = [kept("00000000000a0001", 1), kept("00000000000a0002", 2)];
    expect(findings(two, { lateMin: 120 })).toMatchObject([
      {
        status: "warning",
        summary: expect.stringMatching(
          /^2 sessions are kept, .*, 2 of them past their time, for up to 2 h: the daemon could not/,
        ) as string,
        fix: "agentd rm 0a0001 0a0002",
      },
    ]);
    expect(findings(two.slice(1), { lateMin: 120, daemonRuns: false })).toMatchObject([
      {
        status: "warning",
        summary: expect.stringMatching(
          /1 of them past its time, .*: a daemon removes them when it runs$/,
        ) as string,
        fix: "agentd daemon",
      },
    ]);
  });

  it("that cannot be read are told one by one", () => {
    const unreadable = [{ sessionId: "00000000000a0003", why: "it is no JSON" }];
    expect(findings([], { unreadable })).toMatchObject([{ status: "warning", fix: "agentd show 0a0003" }]);
    expect(findings([kept("00000000000a0001", 1)], { unreadable })).toHaveLength(2);
  });
});
