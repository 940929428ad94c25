import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { VolumeStore } from "../../../src/volumes/volume-store.ts";

let state: string;
let store: VolumeStore;
let now: number;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "agentd-volumes-"));
  now = Date.parse("2026-01-02T03:04:05Z");
  store = new VolumeStore(state, { removeTree, now: () => now });
});
afterEach(async () => {
  await chmod(state, 0o700);
  await rm(state, { recursive: true });
});

describe("a volume", () => {
  it("is made once, readable for the session's user, and keeps what is in it", async () => {
    const directory = await store.open("demo/cache");
    expect(directory).toBe(join(state, "volumes/demo/cache/data"));
    expect((await stat(directory)).mode & 0o777).toBe(0o755);
    expect((await stat(join(state, "volumes/demo/cache"))).mode & 0o777).toBe(0o700);
    await writeFile(join(directory, "file"), "kept");
    now += 60_000;
    expect(await store.open("demo/cache")).toBe(directory);
    expect(await readdir(directory)).toEqual(["file"]);
    expect(await store.list()).toEqual([{ id: "demo/cache", directory, usedMs: now }]);
  });

  it("is emptied, also when that was cut short before", async () => {
    const directory = await store.open("@shared/cache");
    await mkdir(join(directory, "closed"), { mode: 0o500 });
    await mkdir(join(state, "volumes/@shared/cache/old"));
    await writeFile(join(state, "volumes/@shared/cache/old/file"), "");
    await store.empty("@shared/cache");
    expect(await readdir(directory)).toEqual([]);
    expect((await readdir(join(state, "volumes/@shared/cache"))).sort()).toEqual(["data", "used"]);
  });

  it("is removed, and removed again", async () => {
    await store.open("demo/cache");
    await store.open("demo/other");
    await store.remove("demo/cache");
    await store.remove("demo/cache");
    expect((await store.list()).map(({ id }) => id)).toEqual(["demo/other"]);
  });

  it("that cannot be made is an error that says where", async () => {
    await writeFile(join(state, "volumes"), "");
    const failure = await store.open("demo/cache").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AgentdError);
    expect(failure).toMatchObject({
      code: "volume_failed",
      tried: "make the volume demo/cache",
      why: "ENOTDIR",
    });
  });

  it.each(["demo", "demo/../x", "../x", "demo/a/b", "/etc", "@other/x"])("is not named %j", async (id) => {
    await expect(store.open(id)).rejects.toThrow("names no volume");
  });
});

describe("the list of volumes", () => {
  it("is empty where there are none, and leaves out what is none", async () => {
    expect(await store.list()).toEqual([]);
    await mkdir(join(state, "volumes/demo/half"), { recursive: true });
    await mkdir(join(state, "volumes/demo/UPPER"));
    expect(await store.list()).toEqual([]);
  });
});
