import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NO_SURROUNDINGS } from "../../../src/podman/containers/container-surroundings.ts";
import { until } from "../../kit/until.mjs";
import { type EngineRoom, openEngineRoom, USER } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-disk-use-"));
});
afterEach(() => rm(directory, { recursive: true }));

const MIB = 1024 ** 2;
/** What directories and the ends of files take. */
const SLACK = MIB / 2;

/** Starts a container that runs this and then sleeps, with the directory as its home; resolves when the script is done. */
async function after(script: string, writableRoot = false): Promise<string> {
  const binds = [{ source: directory, target: `/home/${USER}`, readOnly: false, relabel: "none" as const }];
  const surroundings = { ...NO_SURROUNDINGS, readOnlyRoot: !writableRoot, tmpBytes: 8 * MIB };
  // A first process that sleeps outlives no test: the container is removed with the room.
  const request = room.request(`${script}\nexec sleep 1000`, {
    ...{ binds, surroundings, network: "none" },
  });
  const id = await room.launch(request);
  await until("the end of the script", async () => {
    const { processes = [] } = (await room.engine.live.usage(id)) ?? {};
    return processes.some(({ command }) => command === "sleep 1000");
  });
  return id;
}

const measured = async (id: string): Promise<number> => await room.engine.live.diskBytes(id, [directory]);

/** Writes so many MiB into a file. */
const fill = (path: string, mebibytes: number): string =>
  `dd if=/dev/zero of=${path} bs=1M count=${mebibytes} 2>/dev/null`;

describe("what a container takes on the disk", () => {
  it.each([
    ["is that of its files", fill("file", 5), 5],
    ["is blocks: a hole takes none", `${fill("file", 2)}; truncate -s 1G file; truncate -s 1G hole`, 2],
    ["has a file with several names once", `${fill("file", 3)}; mkdir d; ln file d/second; ln file third`, 3],
    ["has what its owner may not read", `mkdir d; ${fill("d/file", 4)}; chmod 000 d/file d`, 4],
    ["does not follow links", `${fill("file", 1)}; ln -s / root; ln -s file link`, 1],
    ["has a deleted file that is open, once", `exec 5>file 6>&5; ${fill("/proc/self/fd/5", 6)}; rm file`, 6],
    ["is without what is in memory", `exec 5>/tmp/a; ${fill("/tmp/a", 3)}; rm /tmp/a; ${fill("file", 1)}`, 1],
  ])("%s", async (_what, script, mebibytes) => {
    const id = await after(script);
    const bytes = await measured(id);
    expect(bytes).toBeGreaterThanOrEqual(mebibytes * MIB);
    expect(bytes).toBeLessThan(mebibytes * MIB + SLACK);
    await room.engine.removeContainer(id);
    // So that the test can remove it.
    await chmod(join(directory, "d"), 0o700).catch(() => undefined);
  });

  it("has the container's own layer, where that can be written, also after its end", async () => {
    const id = await after(fill("/tmp/file", 4), true);
    const before = await measured(id);
    expect(before).toBeGreaterThanOrEqual(4 * MIB);
    await room.engine.signalContainer(id, "SIGKILL");
    await room.engine.waitForExit(id, { signal: AbortSignal.timeout(60_000) });
    expect(await measured(id)).toBe(before);
    await room.engine.removeContainer(id);
  });

  it("is measured while files come and go", async () => {
    const churn = "(while :; do mkdir -p a/b/c; echo x >a/b/c/f; mv a/b z; rm -rf a z; done) 2>/dev/null &";
    const id = await after(`${fill("file", 2)}\n${churn}`);
    for (let look = 0; look < 5; look += 1) {
      const bytes = await measured(id);
      expect(bytes).toBeGreaterThanOrEqual(2 * MIB);
      expect(bytes).toBeLessThan(2 * MIB + SLACK);
    }
    await room.engine.removeContainer(id);
  });
});
