import { describe, expect, it } from "vitest";
import { followUpsOf } from "../../../src/followups/follow-ups-of.ts";
import { OUTCOMES } from "../../../src/outcome.ts";
import type { EndedSession } from "../../../src/sessions/port/follow-ups.ts";

const END = "2026-01-02T03:04:05.000Z";
const LATER = "2026-01-02T03:14:05.000Z";

function ended(fields: Partial<EndedSession> = {}): EndedSession {
  return {
    ...{ sessionId: "0".repeat(16), profile: "demo", directory: "/r", outcome: "launch_failed" },
    endTimestamp: END,
    retry: { on: ["infrastructure_failure", "launch_failed"], times: 2, delayMs: 600_000 },
    retryNumber: 0,
    ...fields,
  };
}

describe("what follows a session", () => {
  it("is another try, later by its delay", () => {
    expect(followUpsOf(ended(), [])).toEqual([{ kind: "retry", profile: "demo", number: 1, due: LATER }]);
  });

  it("is no more tries than the profile says", () => {
    expect(followUpsOf(ended({ retryNumber: 1 }), [])).toMatchObject([{ number: 2 }]);
    expect(followUpsOf(ended({ retryNumber: 2 }), [])).toEqual([]);
  });

  it("is no try after an outcome that the profile does not name", () => {
    const tried = OUTCOMES.filter((outcome) => followUpsOf(ended({ outcome }), []).length > 0);
    expect(tried.sort()).toEqual(["infrastructure_failure", "launch_failed"]);
  });

  it("is nothing without retry and chain", () => {
    expect(followUpsOf(ended({ retry: undefined }), [])).toEqual([]);
  });

  it("is a session of each profile that follows, at once, and then the try", () => {
    expect(followUpsOf(ended(), ["a", "b"])).toEqual([
      { kind: "chain", profile: "a", due: END },
      { kind: "chain", profile: "b", due: END },
      { kind: "retry", profile: "demo", number: 1, due: LATER },
    ]);
  });
});
