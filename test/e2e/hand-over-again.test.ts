import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, reaches } from "./at-a-failpoint.ts";
import { COMMAND, CREDENTIALS, startsDirectory } from "./at-the-gate.ts";
import { inAWorld } from "./in-a-world.ts";

/** A world whose sessions get more credentials than a pipe takes, and leave a file for each start. */
function withCredentials(test: (world: World) => Promise<void>): () => Promise<void> {
  return inAWorld(async (world) => {
    await mkdir(startsDirectory(world));
    for (const [name, value] of CREDENTIALS) world.variables[`SITE_${name}`] = value;
    Object.assign(world.profileKeys, {
      command: COMMAND,
      mounts: [{ source: startsDirectory(world), target: "/starts" }],
      credentials: [...CREDENTIALS.keys()].map((name) => ({ name, source: `SITE_${name}` })),
    });
    await world.commit({ page: "green\n" });
    await test(world);
  });
}

async function startsIn(world: World): Promise<string[]> {
  return (await readdir(startsDirectory(world))).filter((name) => !name.endsWith(".new"));
}

async function crashAt(world: World, label: "running_journaled" | "payload_half" | "payload_written") {
  const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
  await (await world.start("agentd run site-builder --detach")).end();
  await failpoint.hit(label);
  await (
    await world.daemon()
  ).daemon.exited;
  return failpoint;
}

describe("a hand-over that a crash cut short", () => {
  it.each([
    ["running_journaled", "again"],
    ["payload_half", "again"],
    ["payload_written", "found"],
  ] as const)("at %s reaches the command whole and once: %s", (label, how) =>
    withCredentials(async (world) => {
      const failpoint = await crashAt(world, label);
      await failpoint.startDaemonAgain();
      const [start = "", ...more] = await until("a start of the command", async () => {
        const starts = await startsIn(world);
        return starts.length > 0 && starts;
      });
      expect(more).toEqual([]);
      const environment = (await readFile(join(startsDirectory(world), start), "utf8")).split("\0");
      // Not toEqual: that would print what differs, and it is long.
      for (const [name, value] of CREDENTIALS)
        expect(environment.includes(`${name}=${value}`), name).toBe(true);
      const { path } = await world.record();
      const handedOver = await until("the journal", async () =>
        (await readJournal(path)).find(({ event }) => event === "handed_over"),
      );
      expect(handedOver["how"]).toBe(how);
      expect(await (await world.start("agentd stop SESSION")).end()).toBe(0);
      await reaches(world, "sealed");
      expect(await startsIn(world)).toHaveLength(1);
      await expectNothingLeft(world);
    })(),
  );

  it(
    "ends as launch_failed when a credential is not set any more, and the command never starts",
    withCredentials(async (world) => {
      const failpoint = await crashAt(world, "payload_half");
      delete world.variables["SITE_SECOND"];
      await failpoint.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "launch_failed",
        stage: "credentials",
        cause: expect.stringContaining("SITE_SECOND") as string,
      });
      expect(await startsIn(world)).toEqual([]);
      await expectNothingLeft(world);
    }),
  );
});
