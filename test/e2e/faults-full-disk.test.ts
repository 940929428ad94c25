import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inArena, openGround, untilLong, type Arena, type Ground } from "../chaos/arena.mjs";
import { judge, leaks } from "../chaos/judgement.mjs";
import { SmallDisk } from "./small-disk.ts";

const EXIT_CODE = 5;

let ground: Ground;
let closeGround: () => Promise<void>;
beforeAll(async () => ({ ground, close: closeGround } = await openGround()));
afterAll(() => closeGround());

/** An arena whose state and records lie on a small disk. */
function onASmallDisk(test: (arena: Arena, disk: SmallDisk) => Promise<void>): () => Promise<void> {
  return () =>
    inArena(ground, async (arena) => {
      const { sandbox } = arena;
      const disk = await SmallDisk.make(sandbox.containers, sandbox.directory, "2m");
      try {
        sandbox.moveState(disk.directory);
        await test(arena, disk);
        await sandbox.endDaemons();
      } finally {
        await disk.close();
      }
    });
}

/** Resolves once `agentd status` says that the session does not get on, for want of space. */
async function complains(arena: Arena): Promise<void> {
  await untilLong("a reason in agentd status", async () => {
    const { incomplete } = (await arena.sandbox.runJson(["status", "--json"])) as {
      readonly incomplete: readonly { readonly session_id: string; readonly reason: string }[];
    };
    return incomplete.some(({ reason }) => reason.includes("ENOSPC"));
  });
  const [record = ""] = await arena.records();
  const { state } = (await arena.sandbox.runJson(["show", basename(record), "--json"])) as { state: string };
  expect(state).not.toBe("sealed");
}

async function expectEnd(arena: Arena, fate: string, starts: number): Promise<void> {
  await arena.allSealed();
  expect(await judge(arena, EXIT_CODE)).toMatchObject({ fate, starts, wrong: [] });
  await arena.stopDaemons();
  expect(await leaks(arena)).toEqual([]);
}

describe("a state directory on a disk that is full", () => {
  it(
    "takes no session, says why, and takes one when there is room again",
    onASmallDisk(async (arena, disk) => {
      await arena.startDaemon();
      await disk.fill();
      const refused = await arena.sandbox.run(["run", "chaos", "--detach", "--work-unit", `${EXIT_CODE}`]);
      expect([refused.exitCode, refused.stderr]).toEqual([125, expect.stringContaining("ENOSPC")]);
      expect(await arena.records()).toEqual([]);
      await disk.free();
      await arena.letGo();
      expect(await arena.run(EXIT_CODE)).toBe(true);
      await expectEnd(arena, "command", 1);
    }),
  );

  it.each(["cloned", "supervising", "sealing"] as const)(
    "at %s costs a session neither its outcome nor its seal",
    (label) =>
      onASmallDisk(async (arena, disk) => {
        await arena.startDaemon(label);
        expect(await arena.run(EXIT_CODE)).toBe(true);
        if (label === "sealing") await arena.letGo();
        await arena.hit(label);
        if (label === "supervising") await arena.commandStarted();
        await disk.fill();
        await arena.letGo();
        await arena.release(label);
        await complains(arena);
        await disk.free();
        await expectEnd(arena, "command", 1);
      })(),
  );

  it(
    "keeps the next daemon from starting, which says why, and costs the session nothing",
    onASmallDisk(async (arena, disk) => {
      const daemon = await arena.startDaemon("sealing");
      await arena.letGo();
      expect(await arena.run(EXIT_CODE)).toBe(true);
      await arena.hit("sealing");
      await disk.fill();
      await daemon.kill();
      const { exitCode, stderr } = await arena.sandbox.run(["daemon"]);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining("ENOSPC")]);
      await disk.free();
      await arena.startDaemon();
      await expectEnd(arena, "command", 1);
    }),
  );
});
