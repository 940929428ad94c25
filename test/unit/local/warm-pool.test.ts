import { expect, it, vi } from "vitest";
import { NO_FAILPOINTS } from "../../../src/failpoints.ts";
import type { LocalParts } from "../../../src/local/parts.ts";
import { WarmPool } from "../../../src/local/warm-pool.ts";
import type { Profile } from "../../../src/profile/profile.ts";
import type { Job } from "../../../src/sessions/port/executor.ts";

/** A pool on a host without containers, and what it has made and not removed: names of profiles. */
function poolOn(
  host: { most?: number; hasQueue?: boolean; isMemoryShort?: boolean; isFresh?: boolean } = {},
) {
  const containers = new Map<string, string>();
  const state = { most: 2, hasQueue: false, isMemoryShort: false, isFresh: true, aheadMs: 0, ...host };
  const nothing = () => Promise.resolve();
  const parts = {
    instance: "0a1b2c3d",
    engine: {
      resolveImage: () => Promise.resolve({ id: "image" }),
      imageHasPath: () => Promise.resolve(false),
      createContainer: ({ name, user }: { name: string; user: string }) => {
        containers.set(name, user);
        return Promise.resolve({ id: name, unenforcedLimits: [] });
      },
      startContainer: nothing,
      removeContainer: (name: string) => Promise.resolve(void containers.delete(name)),
      findLauncher: () => Promise.resolve({}),
      stillWaits: () => Promise.resolve(state.isFresh),
      live: { usage: () => Promise.resolve({ memoryBytes: 1_000 }) },
    },
    workspaces: {
      create: () =>
        Promise.resolve({ homeDirectory: "/home", repoDirectory: "/repo", volumesDirectory: "/v" }),
      remove: nothing,
    },
    credentials: {
      createGate: () => Promise.resolve({ directory: "/gate" }),
      removeGate: nothing,
      launcherArgv: ["sh"],
    },
    hostPaths: {},
    network: { environment: {} },
    warm: {
      most: () => state.most,
      hasQueue: () => state.hasQueue,
      isMemoryShort: () => Promise.resolve(state.isMemoryShort),
      isCurrent: () => true,
      skeletons: {
        make: () => Promise.resolve({ runaDirectory: "/runa", consoleLogPath: "/log" }),
        fits: () => Promise.resolve(true),
        isUsed: () => Promise.resolve(false),
        remove: nothing,
      },
    },
    clock: { monotonic: () => performance.now() + state.aheadMs },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    failpoints: NO_FAILPOINTS,
  } as unknown as LocalParts;
  const pool = new WarmPool(parts);
  return { pool, state, made: () => [...containers.values()] };
}

function job(name: string): Job {
  const profile = { name, mounts: [], volumes: [], devices: [], env: {} } as unknown as Profile;
  return { sessionId: `of ${name}`, profile, longestMs: undefined, input: undefined } as unknown as Job;
}

it("has one wait for each profile, and none in excess: those that were used last", async () => {
  const { pool, made } = poolOn({ most: 2 });
  for (const name of ["a", "b", "c"]) {
    pool.want(job(name));
    await vi.waitFor(() => expect(made()).toContain(name));
    pool.want(job(name));
  }
  await vi.waitFor(() => expect(made()).toEqual(["b", "c"]));
  expect(await pool.status()).toEqual({ waiting: 2, most: 2, memory_bytes: 2_000 });
  await pool.close();
  expect(made()).toEqual([]);
});

it("gives one to one session, and makes another one when that has begun", async () => {
  const { pool, made } = poolOn();
  pool.want(job("a"));
  await vi.waitFor(async () => expect((await pool.status()).waiting).toBe(1));
  const [first, second] = await Promise.all([pool.take(job("a")), pool.take(job("a"))]);
  expect([first?.shape.profile.name, second]).toEqual(["a", undefined]);
  pool.want(job("a"));
  await vi.waitFor(() => expect(made()).toEqual(["a", "a"]));
  await pool.close();
  // What a session has taken is the session's.
  expect(made()).toEqual(["a"]);
});

it("makes none while a session begins, ends or is queued, and goes on then", async () => {
  const { pool, state, made } = poolOn({ hasQueue: true });
  pool.begins("x");
  pool.want(job("a"));
  pool.rests("x");
  await pool.configurationChanged();
  expect(made()).toEqual([]);
  state.hasQueue = false;
  pool.begins("y");
  pool.rests("y");
  await vi.waitFor(() => expect(made()).toEqual(["a"]));
  await pool.close();
});

it("does not wait for ever for a session that does not come to its end", async () => {
  const { pool, state, made } = poolOn();
  pool.begins("x");
  pool.want(job("a"));
  await pool.configurationChanged();
  state.aheadMs = 60_000;
  pool.begins("y");
  pool.rests("y");
  await vi.waitFor(() => expect(made()).toEqual(["a"]));
  await pool.close();
});

it("has none wait where there is little memory, or none may", async () => {
  const { pool, state, made } = poolOn();
  pool.want(job("a"));
  await vi.waitFor(() => expect(made()).toEqual(["a"]));
  state.isMemoryShort = true;
  pool.want(job("b"));
  await vi.waitFor(() => expect(made()).toEqual([]));
  state.isMemoryShort = false;
  pool.want(job("a"));
  await vi.waitFor(() => expect(made()).toEqual(["a"]));
  state.most = 0;
  expect(await pool.take(job("a"))).toBeUndefined();
  await pool.configurationChanged();
  expect(made()).toEqual([]);
  await pool.close();
});

it("gives out none that has done more than wait, and removes it", async () => {
  const { pool, state, made } = poolOn();
  pool.want(job("a"));
  await vi.waitFor(async () => expect((await pool.status()).waiting).toBe(1));
  state.isFresh = false;
  expect(await pool.take(job("a"))).toBeUndefined();
  await vi.waitFor(() => expect(made()).toEqual([]));
  await pool.close();
});

it("makes none any more once it is closed", async () => {
  const { pool, made } = poolOn();
  pool.want(job("a"));
  await pool.close();
  pool.want(job("a"));
  await pool.configurationChanged();
  expect([made(), (await pool.status()).most]).toEqual([[], 0]);
});
