import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { OpenRecord } from "../../../src/sessions/port/ports.ts";
import { Standing } from "../../../src/sessions/state/standing.ts";

/** A record on a disk that is full for the first tries, and the lines that came through. */
function recordOnAFullDisk(failures: number) {
  const lines: string[] = [];
  const write = (line: string): Promise<void> => {
    failures -= 1;
    if (failures >= 0) return Promise.reject(new Error("ENOSPC: no space left on device"));
    if (line !== "step_failed") lines.push(line);
    return Promise.resolve();
  };
  const record = {
    state: "running",
    journal: async (_state: string, event: string) => {
      await write(event);
      return { time: "" };
    },
    update: () => write("document"),
  } as unknown as OpenRecord;
  return { record, lines };
}

/** A clock on which every sleep is over at once. */
function standingOf(record: OpenRecord): Standing {
  let now = 0;
  const clock = { now: () => 0, uptime: () => 0, monotonic: () => (now += 60_000) };
  return new Standing(record, { clock, log: pino({ level: "silent" }), publish: () => undefined });
}

describe("what a running session owes to its record", () => {
  it("is written in its order", async () => {
    const { record, lines } = recordOnAFullDisk(0);
    const standing = standingOf(record);
    standing.oweLine("handed_over");
    standing.oweDocument();
    await standing.settle();
    expect(lines).toEqual(["handed_over", "document"]);
  });

  it("keeps it waiting no longer than one try on a full disk, and is written later", async () => {
    const { record, lines } = recordOnAFullDisk(6);
    const standing = standingOf(record);
    standing.oweLine("handed_over");
    standing.oweDocument();
    await standing.settleInTime(new AbortController().signal);
    expect(lines).toEqual([]);
    expect(standing.trouble).toContain("ENOSPC");
    while (standing.trouble !== undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toEqual(["handed_over", "document"]);
  });

  it("is written once, also when two settle at the same time", async () => {
    const { record, lines } = recordOnAFullDisk(0);
    const standing = standingOf(record);
    standing.oweLine("handed_over");
    await Promise.all([standing.settle(), standing.settle()]);
    expect(lines).toEqual(["handed_over"]);
  });
});

describe("a step that fails", () => {
  it("is tried again until the session is left", async () => {
    const { record } = recordOnAFullDisk(0);
    const standing = standingOf(record);
    const leaving = new AbortController();
    let tries = 0;
    const step = (): Promise<string> => {
      tries += 1;
      if (tries === 3) leaving.abort();
      return Promise.reject(new Error("Podman hangs"));
    };
    expect(await standing.untilItSucceeds(step, leaving.signal)).toBeUndefined();
    expect(tries).toBe(3);
  });
});

describe("a large staging directory that is being removed", () => {
  it("shows at once how far that has come, and in the journal every ten seconds", () => {
    const lines: unknown[] = [];
    const record = {
      state: "finishing",
      journal: (...line: unknown[]) => Promise.resolve(lines.push(line.slice(0, 3))),
    } as unknown as OpenRecord;
    let now = 0;
    const clock = { now: () => 0, uptime: () => 0, monotonic: () => now };
    const standing = new Standing(record, {
      clock,
      log: pino({ level: "silent" }),
      publish: () => undefined,
    });
    for (now = 0; now <= 21_000; now += 1_000) standing.removing(now);
    expect(standing.activity).toBe("removing the staging directory: 21000 entries are removed");
    expect(lines).toEqual([0, 10_000, 20_000].map((entries) => ["finishing", "removing", { entries }]));
  });
});
