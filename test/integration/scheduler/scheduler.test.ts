import { appendFile, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { until } from "../../kit/until.mjs";
import { stopping, World } from "./scheduler-under-test.ts";

const HOUR_MS = 3_600_000;
const FOUR = "2026-01-02T04:00:00.000Z";
const FIVE = "2026-01-02T05:00:00.000Z";

const DEMO = { profile: "demo", name: "default" };

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
    expect(scheduler.entry(DEMO)?.upcoming.instantMs).toBe(Date.parse(FIVE));
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
    expect(third.entry(DEMO)?.upcoming.instantMs).toBe(Date.parse("2026-01-02T08:00:00.000Z"));
    expect((await world.events()).at(-1)).toMatchObject({ event: "watching" });
  });

  it("asks for the run of each schedule of a profile, also at one instant", async () => {
    await world.start({}, { name: "reports" });
    atFour();
    await world.written("fired", 2);
    const shown = world.sessions.map(({ schedule_name, scheduled_timestamp }) => [
      schedule_name,
      scheduled_timestamp,
    ]);
    expect(shown.sort()).toEqual([
      ["default", FOUR],
      ["reports", FOUR],
    ]);
  });

  it("tells the sessions of two schedules of one instant apart after a crash", async () => {
    const first = await world.start({}, { name: "reports" });
    atFour();
    await world.written("fired", 2);
    await first.stop();
    const lines = (await readFile(world.path, "utf8")).split("\n");
    await writeFile(world.path, lines.filter((line) => !line.includes('"fired"')).join("\n"));
    world.endSessions();
    world.forgetRequests();
    await world.start({}, { name: "reports" });
    const events = await world.written("fired", 2);
    const settled = events.filter(({ event }) => event === "fired");
    expect(new Set(settled.map((each) => "session_id" in each && each.session_id)).size).toBe(2);
    expect(world.sessions).toHaveLength(2);
  });

  it("fires by hand once for each id, whatever is paused, and through a crash", async () => {
    const scheduler = await world.start();
    await scheduler.pause([scheduler.entry(DEMO)!], undefined);
    const session = await scheduler.fire(DEMO, "f1");
    expect(await scheduler.fire(DEMO, "f1")).toBe(session);
    expect(world.sessions).toMatchObject([{ fire_id: "f1", schedule_name: "default" }]);
    await scheduler.stop();
    const lines = (await readFile(world.path, "utf8")).split("\n");
    await writeFile(world.path, lines.filter((line) => !line.includes('"fired"')).join("\n"));
    world.forgetRequests();
    const next = await world.start();
    await world.written("fired", 1);
    expect(await next.fire(DEMO, "f1")).toBe(session);
    expect(world.sessions).toHaveLength(1);
    expect((await world.events()).map(({ event }) => event)).toEqual([
      "watching",
      "paused",
      "firing",
      "fired",
    ]);
  });

  it("says why a run by hand was refused, and does not try it again", async () => {
    world.beforeRun = () => {
      throw new AgentdError("disk_low", { tried: "run a session", why: "the disk is full" });
    };
    const scheduler = await world.start();
    await expect(scheduler.fire(DEMO, "f1")).rejects.toThrow("the disk is full");
    expect((await world.events()).at(-1)).toMatchObject({
      event: "skipped",
      reason: "refused",
      fire_id: "f1",
    });
    expect(scheduler.entry(DEMO)?.state.unsettled).toEqual([]);
  });

  it("stays paused for the next daemon, and resumes when the time of the pause is over", async () => {
    const first = await world.start();
    await first.pause([first.entry(DEMO)!], Date.parse(FIVE));
    await first.stop();
    const second = await world.start();
    atFour();
    await world.written("skipped", 1);
    await second.stop();
    world.nowMs = Date.parse(FIVE);
    await world.start();
    const events = await world.written("fired", 1);
    expect(
      events.slice(1).map((each) => ("reason" in each ? `${each.event} ${each.reason}` : each.event)),
    ).toEqual(["paused", "skipped paused", "resumed time", "firing due", "fired"]);
  });

  it("skips the next run when it is told to, and refuses that where there is none", async () => {
    const eve = { name: "eve", expression: "at", when: { atMs: Date.parse(FIVE) } };
    const scheduler = await world.start({}, eve);
    const once = { profile: "demo", name: "eve" };
    await scheduler.skipNext(DEMO, "skip");
    expect(scheduler.entry(DEMO)?.upcoming.instantMs).toBe(Date.parse(FIVE));
    await scheduler.skipNext(once, "skip");
    await expect(scheduler.skipNext(once, "skip")).rejects.toThrow("no next run");
    await scheduler.pause([scheduler.entry(DEMO)!], undefined);
    await expect(scheduler.skipNext(DEMO, "skip")).rejects.toThrow("is paused");
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
    expect(third.entry(DEMO)).toEqual(second.entry(DEMO));
    expect(third.entry(DEMO)?.state.lastRun).toMatchObject({ scheduled_timestamp: FIVE });
    expect(world.sessions).toHaveLength(2);
  });
});
