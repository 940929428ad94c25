import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PROTOCOL_VERSION } from "../../src/rpc/protocol.ts";
import { setDoorBefore } from "../kit/door.mjs";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { containersOf } from "../kit/podman.mjs";
import { processesWith } from "../kit/processes.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import { connectWire } from "../kit/wire.mjs";
import type { World } from "../kit/world.ts";
import {
  AtAFailpoint,
  COUNTING_AGENT,
  firstProcess,
  killDaemon,
  letGo,
  reaches,
  startsOf,
} from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

describe("a daemon that is told to detach", () => {
  it(
    "leaves what runs and what waits to the next one, and nothing of its own",
    inAWorld(async (world) => {
      Object.assign(world.daemonKeys, { shutdown: "detach", max_sessions: 1 });
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach --work-unit first")).end();
      await reaches(world, "running");
      const process = await firstProcess(world);
      await (await world.start("agentd run site-builder --detach --work-unit second")).end();
      const { daemon, instance, sandbox } = await world.daemon();
      expect(await daemon.stop()).toBe(0);
      expect(await processesWith(`/agentd/${instance}/podman.sock`)).toEqual([]);
      await expect(access(join(sandbox.stateDirectory, "daemon.json"))).rejects.toThrow("ENOENT");
      const [first, second] = await world.records();
      expect([await first?.state(), await second?.state()]).toEqual(["running", "queued"]);

      await world.startDaemonAgain();
      expect(await firstProcess(world)).toBe(process);
      for (const record of await world.records()) await writeFile(join(record.path, "runa/go"), "");
      await reaches(world, "sealed");
      for (const record of await world.records()) {
        expect(await record.document()).toMatchObject({ outcome: "work_failed" });
      }
      await expectNothingLeft(world);
    }),
  );

  it(
    "gives up what is being prepared, which begins anew and counts as no failed start",
    inAWorld(async (world) => {
      world.daemonKeys["shutdown"] = "detach";
      await world.commitAgent(COUNTING_AGENT);
      const door = await setDoorBefore(world.house.urlOf("site.git"));
      onTestFinished(() => door.close());
      world.profileKeys["repo"] = door.url;
      await (await world.start("agentd run site-builder --detach")).end();
      for (let start = 1; start <= 6; start += 1) {
        await until(`start ${start}`, async () => (await events(world, "started")) === start);
        await door.waiting();
        const { daemon, sandbox, instance } = await world.daemon();
        expect(await daemon.stop()).toBe(0);
        expect(await containersOf(sandbox.containers, instance)).toEqual([]);
        if (start === 6) door.open();
        await world.startDaemonAgain();
      }
      await reaches(world, "running");
      await letGo(world);
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "work_failed" });
      expect([await startsOf(world), await events(world, "detached")]).toEqual([1, 6]);
      await expectNothingLeft(world);
    }),
  );

  it(
    "gives up what has just got its place",
    inAWorld(async (world) => {
      world.daemonKeys["shutdown"] = "detach";
      await world.commitAgent(COUNTING_AGENT);
      const point = await AtAFailpoint.arm(world, "admitted=wait");
      await (await world.start("agentd run site-builder --detach")).end();
      await point.hit("admitted");
      await endsAfter(world, () => point.goOn("admitted"));
      await point.startDaemonAgain();
      await reaches(world, "running");
      await letGo(world);
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "work_failed" });
      expect(await startsOf(world)).toBe(1);
      await expectNothingLeft(world);
    }),
  );

  it(
    "does so by its command line too",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      const process = await firstProcess(world);
      await killDaemon(world);
      const { daemon } = await world.startDaemonAgain({ args: ["--shutdown", "detach"] });
      expect(await daemon.stop()).toBe(0);
      expect(await firstProcess(world)).toBe(process);
    }),
  );
});

describe("a daemon that drains", () => {
  it(
    "waits for the end of what has just got its place",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      const point = await AtAFailpoint.arm(world, "admitted=wait");
      await (await world.start("agentd run site-builder --detach")).end();
      await point.hit("admitted");
      await endsAfter(world, async () => {
        await point.goOn("admitted");
        await reaches(world, "running");
        await letGo(world);
      });
      const record = await world.record();
      expect([await record.state(), await record.document()]).toMatchObject([
        "sealed",
        { outcome: "work_failed" },
      ]);
    }),
  );
});

describe("a request", () => {
  it(
    "gets the same session again from another daemon, open or sealed",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      const ask = async (): Promise<string> => {
        const wire = await connectWire((await world.daemon()).sandbox.socketPath);
        await wire.call("hello", { protocol: PROTOCOL_VERSION, version: "0.1.0" });
        const { session_id: id } = (await wire.call("run", {
          request_id: "the same",
          profile: "site-builder",
        })) as { session_id: string };
        wire.close();
        return id;
      };
      const id = await ask();
      await reaches(world, "running");
      await killDaemon(world);
      await world.startDaemonAgain();
      expect(await ask()).toBe(id);
      await letGo(world);
      await reaches(world, "sealed");
      await killDaemon(world);
      await world.startDaemonAgain();
      expect(await ask()).toBe(id);
      expect(await world.records()).toHaveLength(1);
    }),
  );
});

describe("of two daemons that start at once after a crash", () => {
  it(
    "one goes on with the session, and the other says who has it",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      const { sandbox } = await world.daemon();
      await killDaemon(world);
      const starts = await Promise.allSettled([sandbox.startDaemon(), sandbox.startDaemon()]);
      const fates = starts.map((start) =>
        start.status === "rejected" ? String(start.reason) : start.value.log,
      );
      expect(fates.filter((log) => log.includes("daemon_running") || log.includes("has it"))).toHaveLength(1);
      expect(await events(world, "adopted")).toBe(1);
      await letGo(world);
      await reaches(world, "sealed");
      await expectNothingLeft(world);
    }),
  );
});

async function events(world: World, event: string): Promise<number> {
  const journal = await readJournal((await world.record()).path);
  return journal.filter((line) => line["event"] === event).length;
}

/** Tells the daemon to end, does something while it does, and resolves once it has. */
async function endsAfter(world: World, act: () => Promise<void>): Promise<void> {
  world.spoilt = true;
  const { daemon } = await world.daemon();
  daemon.signal("SIGTERM");
  await until("the daemon to say that it ends", () => daemon.log.includes('"msg":"shutting down'));
  await act();
  expect(await daemon.gone()).toBe(0);
}
