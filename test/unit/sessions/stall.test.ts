import { describe, expect, it } from "vitest";
import { type Activity, StallJudge } from "../../../src/sessions/run/stall-judge.ts";
import { StallClock } from "../../../src/sessions/state/stall-clock.ts";

const MINUTE = 60_000;
const STALL = 20 * MINUTE;

/** What a command does, told for each minute of its life. */
type Life = (minute: number) => Partial<Activity>;

const SILENT: Activity = { outputBytes: 0, cpuSeconds: 0, llm: undefined };
const IDLE_MODEL = { answered: 3, inFlight: 0 };

/** After how many minutes it counts as stalled; undefined: not within so many. */
function stalledAfter(life: Life, minutes = 120): number | undefined {
  const judge = new StallJudge(0);
  for (let minute = 0; minute <= minutes; minute += 1)
    if (judge.look(minute * MINUTE, { ...SILENT, ...life(minute) }) >= STALL) return minute;
  return undefined;
}

describe("a command that gets nowhere", () => {
  it.each<[string, Life, number]>([
    ["is silent", () => ({}), 20],
    ["waits for input after some lines", (minute) => ({ outputBytes: Math.min(minute, 5) * 100 }), 25],
    ["is silent where nobody counts processor time", () => ({ cpuSeconds: undefined }), 20],
    ["takes a little processor time for nothing", (minute) => ({ cpuSeconds: minute * 5 }), 20],
    ["prints dots while its models are idle", (minute) => ({ outputBytes: minute, llm: IDLE_MODEL }), 20],
    [
      "prints dots after its last answer",
      (minute) => ({ outputBytes: minute, llm: { answered: Math.min(minute, 7), inFlight: 0 } }),
      27,
    ],
    ["waits for a model that does not answer", () => ({ llm: { answered: 3, inFlight: 1 } }), 20],
  ])("%s", (_what, life, minutes) => {
    expect(stalledAfter(life)).toBe(minutes);
  });
});

describe("a command that gets on", () => {
  it.each<[string, Life]>([
    ["prints", (minute) => ({ outputBytes: minute })],
    ["compiles in silence", (minute) => ({ cpuSeconds: minute * 55 })],
    [
      "compiles in silence while its models are idle",
      (minute) => ({ cpuSeconds: minute * 55, llm: IDLE_MODEL }),
    ],
    ["asks models", (minute) => ({ llm: { answered: minute, inFlight: 0 } })],
    ["prints while a model works", (minute) => ({ outputBytes: minute, llm: { answered: 3, inFlight: 1 } })],
    ["prints every nineteen minutes", (minute) => ({ outputBytes: Math.floor(minute / 19) })],
  ])("%s", (_what, life) => {
    expect(stalledAfter(life)).toBeUndefined();
  });

  it("after it was stalled counts from there", () => {
    const judge = new StallJudge(0);
    expect(judge.look(0, SILENT)).toBe(0);
    expect(judge.look(STALL, SILENT)).toBe(STALL);
    expect(judge.look(STALL + MINUTE, { ...SILENT, outputBytes: 1 })).toBe(0);
    expect(judge.look(STALL + 3 * MINUTE, { ...SILENT, outputBytes: 1 })).toBe(2 * MINUTE);
  });

  it("does not when a count is lost for a moment", () => {
    const judge = new StallJudge(0);
    judge.look(0, { ...SILENT, cpuSeconds: 100 });
    judge.look(MINUTE, { ...SILENT, cpuSeconds: undefined });
    expect(judge.look(2 * MINUTE, { ...SILENT, cpuSeconds: 100 })).toBe(2 * MINUTE);
  });
});

describe("the clock of the watchdog", () => {
  it("stands still while the session is paused", () => {
    let now = 1_000;
    const clock = new StallClock(() => now);
    clock.follow(true);
    clock.follow(true);
    now += STALL;
    expect(clock.now()).toBe(1_000);
    clock.follow(false);
    clock.follow(false);
    now += 5;
    expect(clock.now()).toBe(1_005);
    clock.follow(true);
    now += 7;
    expect(clock.now()).toBe(1_005);
  });
});
