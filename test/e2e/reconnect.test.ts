import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Command } from "../kit/house/command.ts";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, killDaemon, letGo, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

const LOST = "agentd: lost the daemon; trying again for 60 s\n";
const BACK = "agentd: the daemon is back\n";

/** Prints lines with and without a newline on both streams until it is let go, and leaves with the code. */
const printingAgent = (exitCode: number): string => `
echo start >> .runa/starts
i=0
until [ -e .runa/go ]; do
  i=$((i + 1)); echo out $i; echo err $i >&2; printf 'part %d,' $i; sleep 0.02
done
echo
echo last $i
exit ${exitCode}
`;

/** What that agent prints on its standard output. */
function wholeOutput(turns: number): string {
  const turn = (index: number) => `out ${index}\npart ${index},`;
  return `${Array.from({ length: turns }, (_, index) => turn(index + 1)).join("")}\nlast ${turns}\n`;
}

function expectWholeOutput({ stdout, stderr }: Command): void {
  const text = stdout.toString();
  const turns = Number(/last (\d+)\n$/.exec(text)?.[1]);
  expect(turns).toBeGreaterThan(1);
  expect(text).toBe(wholeOutput(turns));
  const errors = stderr
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("err "));
  expect(errors).toEqual(Array.from({ length: turns }, (_, index) => `err ${index + 1}`));
}

/** Kills the daemon and starts another once the command has noticed, having printed on meanwhile. */
async function restartUnder(command: Command, world: World): Promise<void> {
  const losses = (text: string): number => command.stderr.toString().split(text).length - 1;
  const before = losses(LOST);
  await killDaemon(world);
  await expect.poll(() => losses(LOST), { timeout: 60_000 }).toBe(before + 1);
  const printed = command.stdout.length;
  await expect.poll(() => command.stdout.length, { timeout: 60_000 }).toBeGreaterThan(printed);
  await world.startDaemonAgain();
  await expect.poll(() => losses(BACK), { timeout: 60_000 }).toBe(before + 1);
}

describe("agentd run under a daemon that is killed with SIGKILL", () => {
  it.each([
    { exitCode: 0, restarts: 1 },
    { exitCode: 42, restarts: 2 },
  ])("ends with $exitCode after $restarts restarts, without a gap or a repeat", ({ exitCode, restarts }) =>
    inAWorld(async (world) => {
      await world.commitAgent(printingAgent(exitCode));
      const run = await world.start("agentd run site-builder");
      await run.printed("out 2\n");
      for (let restart = 1; restart <= restarts; restart += 1) await restartUnder(run, world);
      await letGo(world);
      expect(await run.end()).toBe(exitCode);
      expectWholeOutput(run);
      expect(await startsOf(world)).toBe(1);
      await expectNothingLeft(world);
    })(),
  );

  it(
    "prints one JSON object at the end, when asked to",
    inAWorld(async (world) => {
      await world.commitAgent(printingAgent(0));
      const run = await world.start("agentd run site-builder --json");
      await run.printed("out 2\n");
      await killDaemon(world);
      await world.startDaemonAgain();
      await letGo(world);
      expect(await run.end()).toBe(0);
      expect(JSON.parse(run.stdout.toString())).toMatchObject({ outcome: "success", state: "sealed" });
    }),
  );

  it(
    "goes on with a session that ended while no daemon was there",
    inAWorld(async (world) => {
      await world.commitAgent(printingAgent(5));
      const run = await world.start("agentd run site-builder");
      await run.printed("out 2\n");
      await killDaemon(world);
      await letGo(world);
      await run.printed("last ");
      await world.startDaemonAgain();
      expect(await run.end()).toBe(5);
      expectWholeOutput(run);
    }),
  );

  it(
    "waits on in the queue",
    inAWorld(async (world) => {
      world.daemonKeys["max_sessions"] = 1;
      await world.commitAgent(printingAgent(6));
      await world.start("agentd run site-builder --work-unit first");
      await reaches(world, "running");
      const second = await world.start("agentd run site-builder --work-unit second");
      await killDaemon(world);
      await world.startDaemonAgain();
      expect(await (await world.recordOf("second")).state()).toBe("queued");
      for (const record of await world.records()) await writeFile(join(record.path, "runa/go"), "");
      expect(await second.end()).toBe(6);
      expect(await world.commandOf("agentd run site-builder --work-unit first").end()).toBe(6);
      expect(await world.records()).toHaveLength(2);
    }),
  );

  it.each(["record_directory_made", "accepted"] as const)("at %s has one session all the same", (label) =>
    inAWorld(async (world) => {
      await world.commitAgent(printingAgent(5));
      const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
      const run = await world.start("agentd run site-builder --detach");
      await failpoint.hit(label);
      await (
        await world.daemon()
      ).daemon.exited;
      await failpoint.startDaemonAgain();
      expect(await run.end()).toBe(0);
      const record = await world.record();
      expect(run.stdout.toString()).toBe(`${record.id}\n`);
      expect(await world.records()).toHaveLength(1);
      await letGo(world);
      await reaches(world, "sealed");
      expect(await startsOf(world)).toBe(1);
    })(),
  );

  it(
    "in a preparation follows the one that begins anew",
    inAWorld(async (world) => {
      await world.commitAgent(printingAgent(5));
      const failpoint = await AtAFailpoint.arm(world, "gate_met=crash");
      const run = await world.start("agentd run site-builder");
      await failpoint.hit("gate_met");
      await (
        await world.daemon()
      ).daemon.exited;
      await failpoint.startDaemonAgain();
      await run.printed("out 2\n");
      await letGo(world);
      expect(await run.end()).toBe(5);
      expectWholeOutput(run);
    }),
  );

  it(
    "passes on a Ctrl-C that came while no daemon was there",
    inAWorld(async (world) => {
      await world.commitAgent(
        `trap 'echo winding up; exit 3' TERM; echo ready; while :; do sleep 0.05; done`,
      );
      const run = await world.start("agentd run site-builder");
      await run.printed("ready");
      await killDaemon(world);
      await run.printed(LOST);
      run.signal("SIGINT");
      await run.printed("will be told to stop when the daemon is back");
      await world.startDaemonAgain();
      expect(await run.end()).toBe(130);
      expect(run.stdout.toString()).toBe("ready\nwinding up\n");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "cancelled", exit_code: 3 });
    }),
  );
});

describe("others who follow a session while its daemon is killed", () => {
  it(
    "learn its end, and print all of it: wait, logs -f and stop",
    inAWorld(async (world) => {
      await world.commitAgent(printingAgent(5));
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      const wait = await world.start("agentd wait SESSION");
      const logs = await world.start("agentd logs -f SESSION");
      await logs.printed("out 2\n");
      await restartUnder(logs, world);
      await restartUnder(logs, world);
      await letGo(world);
      expect([await wait.end(), await logs.end()]).toEqual([5, 0]);
      expectWholeOutput(logs);
      expect(wait.stderr.toString()).toContain("work_failed");
    }),
  );

  it(
    "stop, and what it was told is not forgotten",
    inAWorld(async (world) => {
      await world.commitAgent(
        `trap 'echo asked to stop' TERM; echo ready; until [ -e .runa/go ]; do sleep 0.05; done`,
      );
      const run = await world.start("agentd run site-builder");
      await run.printed("ready");
      const stop = await world.start("agentd stop --grace 10m SESSION");
      await run.printed("asked to stop");
      await killDaemon(world);
      await stop.printed(LOST);
      await world.startDaemonAgain();
      await letGo(world);
      expect([await stop.end(), await run.end()]).toEqual([0, 130]);
      expect((await (await world.record()).document()).outcome).toBe("cancelled");
    }),
  );
});
