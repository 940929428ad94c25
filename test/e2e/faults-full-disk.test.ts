import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionView } from "../../src/session-document.ts";
import { type Arena, type Ground, inArena, openGround, PROFILE, untilLong } from "../chaos/arena.mjs";
import { judge, leaks } from "../chaos/judgement.mjs";
import { readJournal, readSession } from "../kit/records.mjs";
import { SmallDisk } from "./small-disk.ts";

const EXIT_CODE = 5;
const MEBIBYTE = 2 ** 20;

let ground: Ground;
let closeGround: () => Promise<void>;
beforeAll(async () => ({ ground, close: closeGround } = await openGround()));
afterAll(() => closeGround());

interface Setting {
  /** Size of the disk, as mount takes it. Default: 2 MiB. */
  readonly size?: string;
  readonly maxSessions?: number;
  /** Default: a session begins whatever is free. */
  readonly minFree?: string;
  /** What the agent does. Default: it can be let go. */
  readonly script?: string;
}

/** An arena whose state and records lie on a small disk. */
function onASmallDisk(
  test: (arena: Arena, disk: SmallDisk) => Promise<void>,
  { size = "2m", ...options }: Setting = {},
): () => Promise<void> {
  const use = async (arena: Arena): Promise<void> => {
    const { sandbox } = arena;
    const disk = await SmallDisk.make(sandbox.containers, sandbox.directory, size);
    try {
      sandbox.moveState(disk.directory);
      await test(arena, disk);
      await sandbox.endDaemons();
    } finally {
      await disk.close();
    }
  };
  return () => inArena(ground, use, { minFree: "0", ...options });
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

/** What the agent prints in all; its last line says that it has. */
const PRINTED_BYTES = 9_000_000;
const PRINTS = `
echo start >> /host/$AGENTD_SESSION_ID
echo made > made-by-the-agent
yes 'a line that somebody may want to read again' | head -c ${PRINTED_BYTES}
echo
`;

describe("a disk that fills while a session prints", () => {
  it(
    "costs it output, which the record and the end of run say",
    onASmallDisk(
      async (arena, disk) => {
        await disk.take(8 * MEBIBYTE);
        await arena.startDaemon();
        const run = arena.sandbox.spawn(["run", PROFILE, "--work-unit", "0"]);
        await complains(arena);
        await disk.free();
        const { exitCode, stdout, stderr } = await run;
        expect(stdout.length).toBeLessThan(PRINTED_BYTES);
        expect([exitCode, Buffer.from(stderr).toString()]).toEqual([
          0,
          expect.stringMatching(/warning: The disk of the record was full.*\n.*success/),
        ]);
        const [record = ""] = await arena.records();
        expect(await readSession(record)).toMatchObject({
          outcome: "success",
          output_lost: true,
          warnings: [expect.stringContaining("full")],
        });
        expect((await readJournal(record)).map(({ event }) => event)).toContain("disk_full");
        await expectEnd(arena, "success 0", 1);
      },
      { size: "16m", script: PRINTS },
    ),
  );
});

describe("a disk with less free space than min_free", () => {
  it(
    "takes no session, and has those that are queued wait until there is room again",
    onASmallDisk(
      async (arena, disk) => {
        await arena.startDaemon();
        expect(await arena.run(EXIT_CODE)).toBe(true);
        await arena.commandStarted();
        expect(await arena.run(EXIT_CODE)).toBe(true);
        await disk.take(3 * MEBIBYTE);
        const refused = await arena.sandbox.run(["run", PROFILE]);
        expect([refused.exitCode, refused.stderr]).toEqual([
          125,
          expect.stringMatching(/tesserine\/audit \(records\) has \d MiB free, but daemon.min_free is 6 MiB/),
        ]);
        expect(refused.stderr).toContain("disk_low");
        await arena.letGo();
        const ids = (await arena.records()).map((record) => basename(record));
        await untilLong("the end of the first", async () => {
          const { state } = await shown(arena, ids[0]);
          return state === "sealed";
        });
        expect(await shown(arena, ids[1])).toMatchObject({
          state: "queued",
          position: 1,
          reason: expect.stringContaining("daemon.min_free") as string,
        });
        await disk.free();
        await arena.allSealed();
        expect(await shown(arena, ids[1])).toMatchObject({ exit_code: EXIT_CODE });
      },
      { size: "8m", minFree: "6m", maxSessions: 1 },
    ),
  );
});

async function shown(arena: Arena, id = ""): Promise<SessionView> {
  return (await arena.sandbox.runJson(["show", id, "--json"])) as SessionView;
}
