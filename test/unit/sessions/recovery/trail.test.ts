import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../../../src/audit/format/journal.ts";
import { ending } from "../../../../src/outcome.ts";
import type { SessionState } from "../../../../src/session-document.ts";
import { madeRef, readTrail } from "../../../../src/sessions/recovery/trail.ts";

type Line = readonly [SessionState, string, Readonly<Record<string, unknown>>?];

function journal(...lines: readonly Line[]): JournalEntry[] {
  return lines.map(([state, event, details], seq) => {
    return { seq, time: `2026-01-01T12:00:0${seq}.000Z`, prev: "", state, event, ...details };
  });
}

const ACCEPTED: Line = ["queued", "accepted"];
const STARTED: Line = ["preparing", "started"];
const OPENED: Line = ["running", "gate_opened", { boot: "boot/marker", uptime_ms: 70 }];

describe("the trail of a session", () => {
  it("says that it waits, also again", () => {
    expect(readTrail(journal(ACCEPTED))).toEqual({ state: "queued" });
    expect(readTrail(journal(ACCEPTED, STARTED, ["queued", "restarted"]))).toEqual({ state: "queued" });
  });

  it("has its pauses, and the one that lasts", () => {
    const paused = (uptime_ms: number): Line => ["running", "paused", { uptime_ms }];
    const resumed = (uptime_ms: number): Line => ["running", "resumed", { uptime_ms }];
    const trail = (...lines: Line[]) => readTrail(journal(ACCEPTED, STARTED, OPENED, ...lines));
    expect(trail()).toMatchObject({ pauses: undefined });
    expect(trail(paused(100), resumed(350), paused(400))).toMatchObject({
      pauses: {
        earlierMs: 250,
        current: { sinceUptimeMs: 400, sinceTimestamp: "2026-01-01T12:00:05.000Z" },
      },
    });
    expect(trail(paused(100), resumed(350), paused(400), resumed(401), resumed(500))).toMatchObject({
      pauses: { earlierMs: 251, current: undefined },
    });
  });

  it("counts the starts since a daemon gave it up in an orderly way", () => {
    const lines = [
      ACCEPTED,
      STARTED,
      ["preparing", "detached"],
      STARTED,
      ["queued", "restarted"],
      STARTED,
    ] as const;
    expect(readTrail(journal(...lines))).toEqual({ state: "preparing", starts: 2, created: false });
  });

  it("says whether the last start had come to a container", () => {
    const created: Line = ["preparing", "container_created"];
    expect(readTrail(journal(ACCEPTED, STARTED, created))).toMatchObject({ created: true });
    expect(readTrail(journal(ACCEPTED, STARTED, created, STARTED))).toMatchObject({ created: false });
  });

  it("names the container that the last start has made", () => {
    const created = (container?: string): Line => ["preparing", "container_created", { container }];
    expect(madeRef(journal(ACCEPTED, STARTED, created("a"), OPENED))).toBe("a");
    expect(madeRef(journal(ACCEPTED, STARTED, created("a"), STARTED, created("b")))).toBe("b");
    expect(madeRef(journal(ACCEPTED, STARTED, created("a"), STARTED))).toBeUndefined();
    expect(madeRef(journal(ACCEPTED, STARTED, created()))).toBeUndefined();
    expect(madeRef(journal(ACCEPTED))).toBeUndefined();
  });

  it("says when, in which boot and how far its command was let go", () => {
    const opened = {
      state: "running",
      boot: "boot/marker",
      openedUptimeMs: 70,
      openedTimestamp: "2026-01-01T12:00:02.000Z",
    };
    expect(readTrail(journal(ACCEPTED, STARTED, OPENED))).toEqual({ ...opened, handedOver: false });
    const lines = [ACCEPTED, STARTED, OPENED, ["running", "handed_over"], ["running", "adopted"]] as const;
    expect(readTrail(journal(...lines))).toEqual({ ...opened, handedOver: true });
  });

  it.each([
    ["queued", [ACCEPTED]],
    ["preparing", [ACCEPTED, STARTED]],
    ["running", [ACCEPTED, STARTED, OPENED]],
  ] as const)("says that it was told to end, first of all, while it was %s", (state, lines) => {
    const told = (outcome: string): Line => [
      state,
      "end_ordered",
      { outcome, cause: "why", grace_ms: 7_000 },
    ];
    expect(readTrail(journal(...lines, told("timed_out"), told("cancelled")))).toMatchObject({
      state,
      order: { outcome: "timed_out", cause: "why", graceMs: 7_000 },
    });
  });

  it.each(["finishing", "sealed"] as const)("says how it ended, when its last line is %s", (last) => {
    const end = ending("work_failed", { exit_code: 5 });
    const endTimestamp = "2026-01-01T12:30:00.000Z";
    const ended: Line = ["finishing", "ended", { ...end, end_timestamp: endTimestamp }];
    expect(readTrail(journal(ACCEPTED, STARTED, OPENED, ended, [last, "step_failed"]))).toEqual({
      state: "finishing",
      ending: end,
      endTimestamp,
      isExported: false,
      publishing: { isDone: false, pushed: undefined },
      keeping: { isDone: false, isKept: false },
    });
  });

  it.each([
    ["kept", { isDone: true, isKept: true }],
    ["keep_failed", { isDone: true, isKept: false }],
  ])("says whether it is kept, by a line %s", (event, keeping) => {
    const fields = { ...ending("work_failed"), end_timestamp: "2026-01-01T12:30:00.000Z" };
    const lines: Line[] = [ACCEPTED, STARTED, OPENED, ["finishing", "ended", fields], ["finishing", event]];
    expect(readTrail(journal(...lines))).toMatchObject({ keeping });
  });

  it.each([
    [["publishing"], { isDone: false, pushed: undefined }],
    [["publishing", "pushed"], { isDone: false, pushed: { branch: "agentd/x", commit: "abc" } }],
    [["publishing", "pushed", "published"], { isDone: true, pushed: { branch: "agentd/x", commit: "abc" } }],
    [["nothing_published"], { isDone: true, pushed: undefined }],
    [["publish_failed"], { isDone: true, pushed: undefined }],
  ])("says how far its publishing had come, by the lines %j", (events, publishing) => {
    const ended: Line = [
      "finishing",
      "ended",
      { ...ending("success"), end_timestamp: "2026-01-01T12:30:00.000Z" },
    ];
    const lines = events.map((event): Line => ["finishing", event, { branch: "agentd/x", commit: "abc" }]);
    expect(readTrail(journal(ACCEPTED, STARTED, OPENED, ended, ...lines))).toMatchObject({ publishing });
  });

  it.each(["exported", "export_failed"])("says that its work was seen to, by a line %s", (event) => {
    const ended: Line = [
      "finishing",
      "ended",
      { ...ending("success"), end_timestamp: "2026-01-01T12:30:00.000Z" },
    ];
    expect(readTrail(journal(ACCEPTED, STARTED, OPENED, ended, ["finishing", event]))).toMatchObject({
      isExported: true,
    });
  });

  it.each([
    ["a running session has no boot", [ACCEPTED, ["running", "gate_opened", { uptime_ms: 1 }]]],
    ["a finished one does not say how", [ACCEPTED, ["finishing", "ended", { outcome: "fine" }]]],
    ["the line is not there", [ACCEPTED, ["running", "adopted"]]],
  ] as const)("is refused when %s", (_, lines) => {
    expect(() => readTrail(journal(...(lines as unknown as readonly Line[])))).toThrow();
  });
});
