import { chmod, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Arena, type Ground, inArena, openGround } from "../chaos/arena.mjs";
import { judge, leaks } from "../chaos/judgement.mjs";
import type { Daemon } from "../kit/daemon.mjs";
import { readJournal } from "../kit/records.mjs";

const EXIT_CODE = 5;

let ground: Ground;
let closeGround: () => Promise<void>;
beforeAll(async () => ({ ground, close: closeGround } = await openGround()));
afterAll(() => closeGround());

/** An arena with a running session whose daemon was killed. */
function afterACrash(test: (arena: Arena, record: string) => Promise<void>): () => Promise<void> {
  return () =>
    inArena(ground, async (arena) => {
      const daemon = await arena.startDaemon();
      await arena.run(EXIT_CODE);
      await arena.handedOver();
      await daemon.kill();
      const [record = ""] = await arena.records();
      await test(arena, record);
    });
}

async function expectItsOwnEnd(arena: Arena, daemon: Daemon): Promise<void> {
  await arena.letGo();
  await arena.allSealed();
  expect(await judge(arena, EXIT_CODE)).toMatchObject({ fate: "command", starts: 1, wrong: [] });
  await daemon.stop();
  expect(await leaks(arena)).toEqual([]);
}

async function events(record: string): Promise<unknown[]> {
  return (await readJournal(record)).map(({ event }) => event);
}

describe("a running session that a crash has left", () => {
  it(
    "goes on when the last line of its journal is half written, and the journal says so",
    afterACrash(async (arena, record) => {
      await writeFile(join(record, "agentd/events.jsonl"), '{"seq":99,"time":"20', { flag: "a" });
      const daemon = await arena.startDaemon();
      expect(await events(record)).toContain("journal_repaired");
      await expectItsOwnEnd(arena, daemon);
    }),
  );

  it(
    "goes on when its session.json is empty, and gets it again",
    afterACrash(async (arena, record) => {
      await truncate(join(record, "agentd/session.json"));
      const daemon = await arena.startDaemon();
      expect(await events(record)).toContain("document_rebuilt");
      await expectItsOwnEnd(arena, daemon);
    }),
  );

  it(
    "is left as it is, its container too, when a later version has written its record",
    afterACrash(async (arena, record) => {
      const path = join(record, "agentd/session.json");
      const own = await readFile(path, "utf8");
      await writeFile(path, own.replace(/"schema_version": ?\d+/, '"schema_version": 99'));
      const daemon = await arena.startDaemon();
      const { incomplete } = (await arena.sandbox.runJson(["status", "--json"])) as {
        readonly incomplete: readonly { readonly session_id: string; readonly reason: string }[];
      };
      expect(incomplete).toEqual([
        {
          session_id: basename(record),
          reason: expect.stringContaining("its schema_version is 99") as string,
        },
      ]);
      await daemon.kill();
      // The later version again.
      await writeFile(path, own);
      await expectItsOwnEnd(arena, await arena.startDaemon());
    }),
  );

  it(
    "outlives a daemon that cannot write its state directory and says so",
    afterACrash(async (arena) => {
      const { stateDirectory } = arena.sandbox;
      await chmod(stateDirectory, 0o500);
      try {
        const { exitCode, stderr } = await arena.sandbox.run(["daemon"]);
        expect([exitCode, stderr]).toEqual([1, expect.stringContaining(stateDirectory)]);
        expect(stderr).toContain("state_unusable");
      } finally {
        await chmod(stateDirectory, 0o700);
      }
      await expectItsOwnEnd(arena, await arena.startDaemon());
    }),
  );

  it(
    "is not touched by a second daemon, also when its start is tried again and again",
    afterACrash(async (arena, record) => {
      const daemon = await arena.startDaemon();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const { exitCode, stderr } = await arena.sandbox.run(["daemon"]);
        expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`${daemon.pid}`)]);
      }
      expect((await events(record)).filter((event) => event === "adopted")).toHaveLength(1);
      expect(await readdir(join(arena.sandbox.stateDirectory, "open"))).toEqual([basename(record)]);
      await expectItsOwnEnd(arena, daemon);
    }),
  );
});
