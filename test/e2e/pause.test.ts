import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { COUNTING_AGENT, killDaemon, letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

async function running(world: World, words = ""): Promise<void> {
  if (world.head === undefined) await world.commitAgent(COUNTING_AGENT);
  await world.start(`agentd run site-builder --detach ${words}`);
  expect(await world.command.end()).toBe(0);
  await world.start("agentd logs -f site-builder");
  await world.command.printed("turn 1");
}

async function ok(world: World, text: string): Promise<string> {
  const command = await world.start(text);
  expect([text, await command.end()]).toEqual([text, 0]);
  return command.stdout.toString();
}

async function events(world: World): Promise<string[]> {
  const journal = await readJournal((await world.record()).path);
  return journal
    .map(({ event }) => String(event))
    .filter((event) => /^(paused|resumed|end_ordered)$/.test(event));
}

/** The letters of the states of the session's processes, without its init. */
async function states(world: World): Promise<string[]> {
  const processes = JSON.parse(await ok(world, "agentd top site-builder --json")) as {
    pid: number;
    state: string;
  }[];
  return processes.filter(({ pid }) => pid !== 1).map(({ state }) => state);
}

const TIMEOUT_MS = 6_000;

describe("agentd pause", () => {
  it(
    "has a session stand still for longer than its timeout, through the death of the daemon",
    inAWorld(async (world) => {
      await running(world, `--timeout ${TIMEOUT_MS / 1000}s`);
      await ok(world, "agentd pause site-builder");
      const [shown] = JSON.parse(await ok(world, "agentd ps --json")) as Record<string, unknown>[];
      expect(shown).toMatchObject({ state: "paused", paused_timestamp: expect.any(String) as string });
      expect(await ok(world, "agentd status")).toContain("1 paused");
      expect(new Set(await states(world))).toEqual(new Set(["T"]));
      await killDaemon(world);
      await sleep(TIMEOUT_MS);
      await world.startDaemonAgain();
      // Twice is once.
      await ok(world, "agentd pause site-builder");
      expect(new Set(await states(world))).toEqual(new Set(["T"]));
      expect(await events(world)).toEqual(["paused"]);
      await ok(world, "agentd resume site-builder");
      await ok(world, "agentd resume site-builder");
      await letGo(world);
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "work_failed", exit_code: 5 });
      expect(await events(world)).toEqual(["paused", "resumed"]);
    }),
  );

  it(
    "ends a paused session when it is stopped, and lets one go on whose pauses have lasted long enough",
    inAWorld(async (world) => {
      world.daemonKeys["pause_max"] = "2s";
      await running(world);
      await ok(world, "agentd pause site-builder");
      await until("the end of the pause", async () => (await events(world)).includes("resumed"));
      const again = await world.start("agentd pause site-builder");
      expect(await again.end()).toBe(1);
      expect(again.stderr.toString()).toContain("pause_refused");
      await letGo(world);
      await reaches(world, "sealed");

      await running(world);
      await ok(world, "agentd pause site-builder");
      // Before its time is up, and long before it is killed.
      const stop = await world.start("agentd stop --grace 60s site-builder");
      expect(await stop.end()).toBe(0);
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "cancelled",
        signal: "SIGTERM",
      });
      expect(await events(world)).toEqual(["paused", "end_ordered", "resumed"]);
    }),
  );
});
