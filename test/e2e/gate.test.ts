import { constants, mkdir, open, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { setDoorBefore } from "../kit/door.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtTheGate, COMMAND, CREDENTIALS, PIPE_BYTES, startsDirectory } from "./at-the-gate.ts";
import { inAWorld } from "./in-a-world.ts";

/** A world whose sessions get the credentials, and whose clones wait until the door is opened. */
function atADoor(
  image: string,
  test: (world: World, door: Awaited<ReturnType<typeof setDoorBefore>>) => Promise<void>,
): () => Promise<void> {
  return inAWorld(async (world) => {
    await mkdir(startsDirectory(world));
    for (const [name, value] of CREDENTIALS) world.variables[`SITE_${name}`] = value;
    const door = await setDoorBefore(world.house.urlOf("site.git"));
    try {
      Object.assign(world.profileKeys, {
        base_image: await world.house.image(image),
        repo: door.url,
        command: COMMAND,
        mounts: [{ source: startsDirectory(world), target: "/starts" }],
        credentials: [...CREDENTIALS.keys()].map((name) => ({ name, source: `SITE_${name}` })),
      });
      await world.commit({ door: "green\n" });
      await test(world, door);
    } finally {
      await door.close();
    }
  });
}

function expectAllCredentials(start: ReadonlyMap<string, string>): void {
  // Not toEqual: that would print what differs, and it is long.
  for (const [name, value] of CREDENTIALS) expect(start.get(name) === value, name).toBe(true);
  expect(start.has("go")).toBe(false);
}

/** What a process has written in its life, to pipes, sockets and files. */
async function writtenBytes(pid: number): Promise<number> {
  return Number(/^wchar: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, "utf8"))?.[1]);
}

describe.each(["busybox", "debian-git"])(
  "a daemon that is killed at the gate of a session in %s",
  (image) => {
    it(
      "has started nothing before the first byte",
      atADoor(image, async (world, door) => {
        const gate = await AtTheGate.bring(world);
        await door.waiting();
        await gate.killDaemon();
        expect(await gate.starts()).toEqual([]);

        // It may as well have come so far as to open the pipe.
        const { times } = await gate.reading();
        await (await open(gate.fifo, "a")).close();
        await until("the launcher's reading", async () => (await gate.reading()).times > times);
        await gate.isBack();
        expect(await gate.starts()).toEqual([]);
        expectAllCredentials(await gate.handOver());
        expect(await gate.starts()).toHaveLength(1);
      }),
    );

    it(
      "has started nothing in the middle of the hand-over",
      atADoor(image, async (world, door) => {
        const { daemon } = await world.daemon();
        const gate = await AtTheGate.bring(world);
        await door.waiting();
        const { bytes } = await gate.reading();
        // With the launcher stopped, a reader that does not read holds the daemon in the middle.
        process.kill(gate.launcher, "SIGSTOP");
        const reader = await open(gate.fifo, constants.O_RDONLY | constants.O_NONBLOCK);
        const written = await writtenBytes(daemon.pid);
        door.open();
        await gate.happened("gate_opened");
        await until("a full pipe", async () => (await writtenBytes(daemon.pid)) >= written + PIPE_BYTES);
        daemon.signal("SIGSTOP");
        process.kill(gate.launcher, "SIGCONT");
        await until("the launcher's reading", async () => (await gate.reading()).bytes >= bytes + PIPE_BYTES);
        await reader.close();
        expect(await gate.has("handed_over")).toBe(false);
        await gate.killDaemon();

        await gate.isBack();
        expect(await gate.starts()).toEqual([]);
        expectAllCredentials(await gate.handOver());
        expect(await gate.starts()).toHaveLength(1);
      }),
    );

    it(
      "has started the command with everything after the last byte",
      atADoor(image, async (world, door) => {
        const gate = await AtTheGate.bring(world);
        door.open();
        await gate.happened("handed_over");
        await gate.killDaemon();
        const [start, ...more] = await until("a start of the command", async () => {
          const starts = await gate.starts();
          return starts.length > 0 && starts;
        });
        expect(more).toEqual([]);
        expectAllCredentials(start ?? new Map<string, string>());
      }),
    );
  },
);
