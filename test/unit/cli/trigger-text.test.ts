import { describe, expect, it } from "vitest";
import { nextRetryText, pendingRetryText, shortRetryText } from "../../../src/cli/words/retry-text.ts";
import { shortTriggerText, triggerText } from "../../../src/cli/words/trigger-text.ts";
import type { SessionView } from "../../../src/session-document.ts";
import { view } from "../../kit/small-daemon.ts";

const SCHEDULED = {
  trigger: "schedule",
  schedule_name: "default",
  scheduled_timestamp: "2026-01-02T04:00:00.000Z",
  delay_ms: 2000,
} as const;

describe("what started a session", () => {
  it.each<[Partial<SessionView>, string, string]>([
    [{}, "manual", "manual"],
    [SCHEDULED, "schedule", "schedule of 2026-01-02T04:00:00.000Z, 2.0 s late"],
    [{ ...SCHEDULED, schedule_name: null }, "schedule", "schedule of 2026-01-02T04:00:00.000Z, 2.0 s late"],
    [
      { ...SCHEDULED, schedule_name: "nightly" },
      "schedule nightly",
      "schedule nightly of 2026-01-02T04:00:00.000Z, 2.0 s late",
    ],
    [
      { ...SCHEDULED, schedule_name: "nightly", fire_id: "f1" },
      "schedule nightly",
      "schedule nightly, by hand",
    ],
    [
      { trigger: "retry", retry_of: "0198f2a4c6e81234", retry_number: 2, schedule_name: "nightly" },
      "retry 2",
      "retry 2 of session 0198f2a4c6e81234",
    ],
    [
      { trigger: "chain", after_session: "0198f2a4c6e81234" },
      "chain",
      "chain, after session 0198f2a4c6e81234",
    ],
  ])("is told for %j", (fields, short, whole) => {
    const session = view(fields);
    expect([shortTriggerText(session), triggerText(session)]).toEqual([short, whole]);
  });
});

describe("a try that waits for its time", () => {
  const nowMs = Date.parse("2026-01-02T03:00:00.000Z");
  const next = { number: 1, due_timestamp: "2026-01-02T03:09:30.000Z" };

  it("is told with its number and its time", () => {
    const session = view({ next_retry: next });
    expect(nextRetryText(session)).toBe("retry 1 at 2026-01-02T03:09:30.000Z");
    expect(shortRetryText(session, nowMs)).toBe("in 9 min");
    expect(shortRetryText(session, nowMs + 600_000)).toBe("now");
    expect(pendingRetryText({ ...next, profile: "demo", session_id: "0198f2a4c6e81234" }, nowMs)).toBe(
      "demo  retry 1 of session 0198f2a4c6e81234\n  next  2026-01-02T03:09:30.000Z (in 9 min)",
    );
  });

  it("is not told where there is none, also by a daemon that is older", () => {
    expect([nextRetryText(view({})), shortRetryText(view({}), nowMs)]).toEqual([null, "-"]);
    expect(nextRetryText({})).toBeNull();
  });
});
