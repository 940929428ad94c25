import { describe, expect, it } from "vitest";
import type { FeedEvent } from "../../src/events/event.ts";
import { feedFaults } from "../kit/feed.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { COUNTING_AGENT, killDaemon, letGo } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

async function ok(world: World, text: string, exitCode = 0): Promise<string> {
  const command = await world.start(text);
  expect([text, await command.end()]).toEqual([text, exitCode]);
  return command.stdout.toString();
}

function eventsOf(lines: string): FeedEvent[] {
  return lines
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as FeedEvent);
}

async function faults(world: World): Promise<string[]> {
  const { sandbox } = await world.daemon();
  return await feedFaults(
    sandbox.stateDirectory,
    (await world.records()).map(({ path }) => path),
  );
}

describe("agentd events", () => {
  it(
    "tells a session's life, and -f neither misses nor repeats any of it when the daemon dies",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      world.spoilt = true;
      await world.daemon();
      const followed = await world.start("agentd events -f --json --since 1h");
      await ok(world, "agentd run site-builder --detach");
      await until("running", () => followed.stdout.toString().includes("session.running"));
      await killDaemon(world);
      await world.startDaemonAgain();
      await until("adopted", () => followed.stdout.toString().includes("session.adopted"));
      await letGo(world);
      await ok(world, "agentd wait site-builder", 5);
      await ok(world, "agentd reload");
      await until("the end", () => followed.stdout.toString().includes("config.reloaded"));
      followed.signal("SIGINT");
      expect(await followed.end()).toBe(0);
      const events = eventsOf(followed.stdout.toString());
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
      expect(events.map(({ type }) => type)).toEqual([
        "daemon.started",
        "session.accepted",
        "session.preparing",
        "session.running",
        "daemon.started",
        "session.adopted",
        "session.finishing",
        "session.sealed",
        "config.reloaded",
      ]);
      expect(await faults(world)).toEqual([]);
      // All that is kept, and no more than was asked for.
      expect(eventsOf(await ok(world, "agentd events --json"))).toEqual(events);
      const { id } = await world.record();
      const text = await ok(world, "agentd events --type 'session.*' --profile site-builder");
      expect(text.trimEnd().split("\n")).toHaveLength(6);
      expect(text).toMatch(
        new RegExp(`^\\S+Z session.sealed site-builder ${id.slice(-6)} outcome=work_failed`, "m"),
      );
    }),
  );

  it(
    "asks for a type that there is",
    inAWorld(async (world) => {
      const command = await world.start("agentd events --type 'sesion.*'");
      expect(await command.end()).toBe(2);
      expect(command.stderr.toString()).toContain("session.accepted");
    }),
  );
});
