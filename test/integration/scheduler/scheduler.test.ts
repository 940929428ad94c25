import { appendFile, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { until } from "../../kit/until.mjs";
import { stopping, World } from "./scheduler-under-test.ts";

const HOUR_MS = 3_600_000;
const FOUR = "2026-01-02T04:00:00.000Z";
const FIVE = "2026-01-02T05:00:00.000Z";

let world: World;

beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

/** The clock shows four, and whatever sleeps until then wakes up. */
function atFour(): void {
  world.nowMs = Date.parse(FOUR);
}

describe("a scheduler", () => {
  it("writes down that it fires before it asks for the run, and then the session", async () => {
    let before: string[] = [];
    world.beforeRun = async () => {
      before = (await world.events()).map(({ event }) => event);
    };
    await world.start();
    atFour();
    const events = await world.written("fired", 1);
    expect(before).toEqual(["watching", "firing"]);
    expect(events.slice(1)).toMatchObject([
      { event: "firing", profile: "demo", scheduled_timestamp: FOUR, reason: "due" },
      {
        event: "fired",
        profile: "demo",
        scheduled_timestamp: FOUR,
        session_id: "0000000000000000",
        delay_ms: 0,
      },
    ]);
    expect(world.sessions).toMatchObject([{ trigger: "schedule", scheduled_timestamp: FOUR }]);
  });

  it("asks again for a run that a stopping daemon has refused, when it is started again", async () => {
    world.beforeRun = () => {
      throw stopping();
    };
    const scheduler = await world.start();
    atFour();
    await world.written("firing", 1);
    await scheduler.stop();
    expect(world.sessions).toEqual([]);
    world.beforeRun = () => undefined;
    world.nowMs += 5.5 * HOUR_MS;
    await world.start();
    await world.written("fired", 1);
    expect(world.sessions.map((each) => each.scheduled_timestamp)).toEqual([FOUR]);
  });

  it.each([
    ["whose request the daemon remembers", () => undefined],
    [
      "that has ended since, its request forgotten",
      () => {
        world.endSessions();
        world.forgetRequests();
      },
    ],
  ])("finds the session of a fire that was cut short by a crash, one %s", async (_which, meanwhile) => {
    const scheduler = await world.start();
    atFour();
    await world.written("fired", 1);
    await scheduler.stop();
    const lines = (await readFile(world.path, "utf8")).split("\n");
    // As a crash leaves it that comes after the run was accepted: without the last line, and half of it.
    await writeFile(world.path, `${lines.slice(0, -2).join("\n")}\n${lines.at(-2)!.slice(0, 40)}`);
    meanwhile();
    await world.start();
    const events = await world.written("fired", 1);
    expect(events.map(({ event }) => event)).toEqual(["watching", "firing", "fired"]);
    expect(world.sessions).toHaveLength(1);
  });

  it("says why the daemon has refused a run, and goes on with the next", async () => {
    world.beforeRun = () => {
      throw new AgentdError("record_unusable", { tried: "write the record", why: "the disk is full" });
    };
    await world.start();
    atFour();
    const events = await world.written("skipped", 1);
    expect(events.at(-1)).toMatchObject({
      reason: "refused",
      why: "cannot write the record: the disk is full",
    });
    world.beforeRun = () => undefined;
    const scheduler = await world.start();
    expect(scheduler.entry("demo")?.upcoming.instantMs).toBe(Date.parse(FIVE));
  });

  it("fires what waits as soon as the session before it has ended, whatever came of that", async () => {
    const first = await world.start({ overlap: "queue" });
    atFour();
    await world.written("fired", 1);
    await first.stop();
    world.nowMs = Date.parse(FIVE) - 10;
    await world.start({ overlap: "queue" });
    world.nowMs = Date.parse(FIVE);
    await world.written("waiting", 1);
    world.endSessions();
    const events = await world.written("fired", 2);
    expect(events.slice(3)).toMatchObject([
      { event: "waiting", scheduled_timestamp: FIVE },
      { event: "firing", scheduled_timestamp: FIVE, reason: "waited" },
      { event: "fired", scheduled_timestamp: FIVE },
    ]);
  });

  it("skips a run that waits when the profile loses its schedule, and begins anew when it gets one", async () => {
    const first = await world.start({ overlap: "queue" });
    atFour();
    await world.written("fired", 1);
    await first.stop();
    world.nowMs = Date.parse(FIVE);
    const second = await world.start({ overlap: "queue" });
    await world.written("waiting", 1);
    await second.follow([]);
    expect((await world.events()).slice(-2)).toMatchObject([
      { event: "skipped", reason: "unscheduled", scheduled_timestamp: FIVE },
      { event: "unwatched" },
    ]);
    await second.stop();
    world.nowMs += 3 * HOUR_MS - 60_000;
    const third = await world.start({ missed: "once" });
    expect(third.entry("demo")?.upcoming.instantMs).toBe(Date.parse("2026-01-02T08:00:00.000Z"));
    expect((await world.events()).at(-1)).toMatchObject({ event: "watching" });
  });

  it("fires nothing any more once it is stopped", async () => {
    const scheduler = await world.start();
    await scheduler.stop();
    atFour();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(world.sessions).toEqual([]);
  });
});

describe("schedules.jsonl", () => {
  it("is begun anew when it has grown, with all there is to know, and the old one is kept beside it", async () => {
    const first = await world.start();
    atFour();
    await world.written("fired", 1);
    await first.stop();
    const unscheduled = { time: FOUR, event: "unwatched", profile: "former" };
    await appendFile(world.path, `${JSON.stringify(unscheduled)}\n`.repeat(20_000));
    world.nowMs = Date.parse(FIVE);
    const second = await world.start();
    await until("the file to be begun anew", async () => (await world.events()).length < 10);
    const events = await world.events();
    expect(events.map(({ event, profile }) => `${event} ${profile}`)).toEqual(["state demo", "state former"]);
    expect((await readFile(`${world.path}.1`, "utf8")).split("\n").length).toBeGreaterThan(20_000);
    await second.stop();
    const third = await world.start();
    expect(third.entry("demo")).toEqual(second.entry("demo"));
    expect(third.entry("demo")?.state.lastRun).toMatchObject({ scheduled_timestamp: FIVE });
    expect(world.sessions).toHaveLength(2);
  });
});
