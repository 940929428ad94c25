import { describe, expect, it } from "vitest";
import { EVENT_DATA } from "../../../src/events/event.ts";
import { JournalEvents, NOT_TOLD, TOLD } from "../../../src/events/journal-events.ts";
import { eventOfSchedule } from "../../../src/events/schedule-events.ts";
import { type ScheduleEvent, scheduleEventSchema } from "../../../src/scheduler/events.ts";
import { view } from "../../kit/small-daemon.ts";
import { sourceFiles } from "../../kit/source-files.ts";

/** How a line's name stands in the sources: the first text of these calls, or the second after a state. */
const CALLS = [
  /\b(?:note|conclude|oweLine|found)\(\s*"(\w+)"/g,
  /\b(?:enter|append|journal)\(\s*(?:"\w+"|[\w.?#]+(?: \?\? "\w+")?),\s*"(\w+)"/g,
  /\bjournal\("(\w+)", branch\)/g,
];

/** Names with a part that is not in the sources. */
const COMPOSED = ["network_restored", "network_lost", "job_submitted", "job_submission_unknown"];

function namesInSources(): string[] {
  const files = ["sessions", "local", "placed", "audit", "daemon"].flatMap((room) =>
    sourceFiles(`src/${room}`),
  );
  const names = files.flatMap(({ text }) =>
    CALLS.flatMap((call) => [...text.matchAll(call)].map(([, name = ""]) => name)),
  );
  return [...new Set([...names, ...COMPOSED])].sort();
}

describe("the lines of a session's journal", () => {
  it("each have their event, or are listed as lines without one", () => {
    expect(namesInSources()).toEqual([...Object.keys(TOLD), ...NOT_TOLD].sort());
  });

  it("are told once each, and some only the first time", () => {
    const events = new JournalEvents(() => view());
    const line = (seq: number, event: string) =>
      events.next({
        seq,
        time: "2026-01-02T03:04:05.000Z",
        prev: null,
        state: "running",
        event,
        reason: "r",
      });
    expect(line(0, "started")).toMatchObject({ type: "session.preparing", source_seq: 0 });
    expect(line(1, "cloned")).toBeUndefined();
    expect(line(2, "step_failed")).toMatchObject({ type: "record.incomplete", data: { reason: "r" } });
    expect(line(3, "step_failed")).toBeUndefined();
    expect(line(4, "started")).toMatchObject({ type: "session.preparing", source_seq: 4 });
  });

  it.each(Object.entries(TOLD))(
    "make data that the schema knows, whatever a line holds: %s",
    (name, { type, data }) => {
      const entry = { seq: 0, time: "", prev: null, state: "running", event: name } as const;
      const ending = { outcome: "success", exit_code: 0, signal: null, stage: null, cause: null };
      const facts = {
        ...ending,
        idle_ms: 5,
        until_timestamp: "2026-01-02T03:04:05.000Z",
        pid: 1,
        version: "1",
        command: ["secret-tool", "--password", "x"],
      };
      const made = data({ ...entry, ...facts }, view());
      expect(EVENT_DATA[type].parse(made)).toEqual(made);
      expect(JSON.stringify(made)).not.toContain("--password");
    },
  );
});

describe("the lines of the log of schedules", () => {
  const time = "2026-01-02T03:04:05.000Z";
  const run = { scheduled_timestamp: time, session_id: "0198f2a4c6e81234", delay_ms: 7 };

  it("become events where a run was accepted or did not happen, and where somebody paused or resumed", () => {
    const told = scheduleEventSchema.options.flatMap((schema) => {
      const event = [...schema.shape.event.values][0];
      const line = {
        time,
        seq: 3,
        event,
        profile: "demo",
        name: "nightly",
        ...run,
        until_timestamp: time,
        until: null,
        reason: "missed",
        why: "w",
      };
      const made = eventOfSchedule(line as unknown as ScheduleEvent);
      return made === undefined
        ? []
        : [[event, made.type, EVENT_DATA[made.type].safeParse(made.data).success]];
    });
    expect(told).toEqual([
      ["fired", "schedule.fired", true],
      ["skipped", "schedule.skipped", true],
      ["paused", "schedule.paused", true],
      ["resumed", "schedule.resumed", true],
    ]);
  });

  it("become none where an older version has not counted them", () => {
    expect(
      eventOfSchedule({ time, event: "fired", profile: "demo", name: "default", ...run }),
    ).toBeUndefined();
  });
});
