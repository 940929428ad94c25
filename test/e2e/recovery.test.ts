import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FailpointLabel } from "../../src/failpoints.ts";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { readJournal, readOutput } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
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

/** What the agent prints until it is let go, without a gap. */
async function expectWholeOutput(world: World): Promise<void> {
  const lines = (await readOutput((await world.record()).path, "stdout")).trimEnd().split("\n");
  const turns = lines.slice(1, -1);
  expect(lines[0]).toBe("begun");
  expect(turns).toEqual(turns.map((_, index) => `turn ${index + 1}`));
  expect(lines.at(-1)).toBe("done");
}

async function expectEndOf(world: World, outcome: string, starts: number): Promise<void> {
  await reaches(world, "sealed");
  const document = await (await world.record()).document();
  expect([document.outcome, await startsOf(world)]).toEqual([outcome, starts]);
  expect(await world.records()).toHaveLength(1);
  await expectNothingLeft(world);
}

/** Takes from the journal what no daemon has waited for: all since the session was accepted. */
async function forgetBeginning(world: World): Promise<void> {
  const file = join((await world.record()).path, "agentd", "events.jsonl");
  const [accepted = ""] = (await readFile(file, "utf8")).split("\n");
  await writeFile(file, `${accepted}\n`);
}

describe("a cut of the power", () => {
  it.each(["staging_made", "container_created"] as const)(
    "at %s that takes the journal's last lines along costs the session nothing",
    (label) =>
      inAWorld(async (world) => {
        await world.commitAgent(COUNTING_AGENT);
        const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
        const run = await world.start("agentd run site-builder --detach");
        const { daemon } = await world.daemon();
        await failpoint.hit(label);
        await daemon.exited;
        await forgetBeginning(world);
        await failpoint.startDaemonAgain();
        await run.end();
        await letGo(world);
        await expectEndOf(world, "work_failed", 1);
      })(),
  );
});

describe("a daemon that is killed with SIGKILL", () => {
  it(
    "leaves a running session to the next one, which goes on as if nothing had happened",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      const process = await firstProcess(world);
      for (let daemon = 2; daemon <= 3; daemon += 1) {
        await killDaemon(world);
        await world.startDaemonAgain();
        expect(await firstProcess(world)).toBe(process);
      }
      await letGo(world);
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "work_failed",
        exit_code: 5,
        commit: world.head,
      });
      expect(await startsOf(world)).toBe(1);
      await expectWholeOutput(world);
      const journal = await readJournal((await world.record()).path);
      const daemons = journal.filter(({ event }) => event === "accepted" || event === "adopted");
      expect(new Set(daemons.map(({ pid }) => pid)).size).toBe(3);
      await expectNothingLeft(world);
    }),
  );

  // One for each way in which recovery goes on; `npm run chaos` has all labels.
  const PREPARING: readonly FailpointLabel[] = [
    "accepted",
    "staging_made",
    "cloned",
    "container_created",
    "container_started",
    "gate_met",
  ];
  const RUNNING: readonly FailpointLabel[] = ["running_journaled", "payload_half", "handed_over_journaled"];
  const ENDING: readonly FailpointLabel[] = ["exit_seen", "container_removed", "sealing", "sealed"];

  it.each([...PREPARING, ...RUNNING, ...ENDING])("at %s costs the session nothing", (label) =>
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
      const run = await world.start("agentd run site-builder --detach");
      const { daemon } = await world.daemon();
      if (ENDING.includes(label)) {
        await run.end();
        await letGo(world);
      }
      await failpoint.hit(label);
      await daemon.exited;
      await failpoint.startDaemonAgain();
      await run.end();
      if (!ENDING.includes(label)) await letGo(world);
      await expectEndOf(world, "work_failed", 1);
      await expectWholeOutput(world);
    })(),
  );

  it(
    "in the acceptance leaves nothing, because nobody was told",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      const failpoint = await AtAFailpoint.arm(world, "record_directory_made=crash");
      const run = await world.start("agentd run site-builder --detach");
      await failpoint.hit("record_directory_made");
      // It would ask the next daemon.
      run.signal("SIGKILL");
      await failpoint.startDaemonAgain();
      expect(await world.records()).toEqual([]);
      await expectNothingLeft(world);
    }),
  );

  it(
    "five times in the same preparation ends the session as launch_failed",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      await AtAFailpoint.arm(world, "container_created=crash");
      await (await world.start("agentd run site-builder --detach")).end();
      for (let start = 2; start <= 5; start += 1) {
        await (
          await world.daemon()
        ).daemon.exited;
        await rm(join(world.house.hostFiles, "failpoints/container_created.1"));
        await world.startDaemonAgain().catch(() => undefined);
      }
      await (
        await world.daemon()
      ).daemon.exited;
      delete world.variables["AGENTD_FAILPOINTS"];
      await world.startDaemonAgain();
      await expectEndOf(world, "launch_failed", 0);
      expect(await (await world.record()).document()).toMatchObject({ stage: "start" });
    }),
  );
});

describe("a session that lives through a restart", () => {
  it(
    "is interrupted when the host was restarted meanwhile",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach")).end();
      // The state is written before the command's first line.
      await until("the agent's start", async () => (await startsOf(world)) === 1);
      const { sandbox, instance } = await world.daemon();
      await killDaemon(world);
      await writeFile(join(sandbox.runtimeDirectory(instance), "boot"), "another-boot/marker");
      await world.startDaemonAgain();
      await expectEndOf(world, "interrupted", 1);
    }),
  );

  it(
    "keeps the profile it began with, also when the configuration has lost it",
    inAWorld(async (world) => {
      world.daemonKeys["max_sessions"] = 1;
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach --work-unit first")).end();
      await reaches(world, "running");
      await (await world.start("agentd run site-builder --detach --work-unit second")).end();
      await killDaemon(world);
      world.profileKeys["name"] = "another";
      await world.startDaemonAgain();
      for (const workUnit of ["first", "second"]) {
        const record = await world.recordOf(workUnit);
        await writeFile(join(record.path, "runa/go"), "");
      }
      expect(await (await world.start("agentd wait SESSION")).end()).toBe(5);
      const [first, second] = await world.records();
      expect((await first?.document())?.outcome).toBe("work_failed");
      expect(await second?.document()).toMatchObject({ outcome: "work_failed", profile: "site-builder" });
      await expectNothingLeft(world);
    }),
  );

  it(
    "is put together again when its session.json is empty and its journal ends in half a line",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      const { path } = await world.record();
      await killDaemon(world);
      await writeFile(join(path, "agentd/session.json"), "");
      await writeFile(join(path, "agentd/events.jsonl"), '{"seq":9,"ti', { flag: "a" });
      await world.startDaemonAgain();
      await letGo(world);
      expect(await (await world.start("agentd wait SESSION")).end()).toBe(5);
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "work_failed",
        commit: world.head,
      });
      await expectNothingLeft(world);
    }),
  );

  it(
    "is left as it is, its container too, when a later version of agentd has written its record",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      const { path, id } = await world.record();
      const process = await firstProcess(world);
      await killDaemon(world);
      const document = await readFile(join(path, "agentd/session.json"), "utf8");
      await writeFile(
        join(path, "agentd/session.json"),
        document.replace('"schema_version": 1', '"schema_version": 2'),
      );
      const { sandbox } = await world.startDaemonAgain();
      expect(await firstProcess(world)).toBe(process);
      const status = (await sandbox.runJson(["status", "--json"])) as { incomplete: unknown };
      expect(status.incomplete).toEqual([
        { session_id: id, reason: expect.stringContaining("schema_version is 2") as string },
      ]);
    }),
  );
});
