import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { NO_FAILPOINTS } from "../../../src/failpoints.ts";
import { KeptIndex } from "../../../src/keep/kept-index.ts";
import { KeptSessions } from "../../../src/keep/kept-sessions.ts";
import type { Profile } from "../../../src/profile/profile.ts";
import { HOST } from "../../kit/config-under-test.ts";

const [ONE, OTHER] = ["a".repeat(16), "b".repeat(16)] as const;
const HOUR_MS = 3_600_000;

async function profile(): Promise<Profile> {
  const example = resolve(import.meta.dirname, "../../../examples/agentd.toml");
  const [first] = (await loadConfig(example, HOST)).profiles;
  if (first === undefined) throw new Error("the example has no profile");
  return { ...first, keep: "always", keepForMs: HOUR_MS };
}

/** A daemon's list of kept sessions in a directory; what it does to containers is only written down. */
async function ground({ maxBytes = 10_000 } = {}) {
  const directory = await mkdtemp(join(tmpdir(), "agentd-kept-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  let nowMs = Date.parse("2026-01-01T12:00:00Z");
  const done: string[] = [];
  const failing = new Set<string>();
  let entered = 0;
  const daemon = (): KeptSessions =>
    new KeptSessions({
      index: new KeptIndex(directory),
      jobs: {
        hasEnded: () => Promise.resolve(true),
        keep: () => Promise.resolve(0),
        keptBytes: () => Promise.resolve(5_000),
        enter: ({ sessionId }) => {
          entered += 1;
          done.push(`enter ${sessionId[0]}`);
          return Promise.resolve(`container ${entered}`);
        },
        leave: (sessionId) => Promise.resolve(void done.push(`leave ${sessionId[0]}`)),
        removeKept: (sessionId) => {
          if (failing.has(sessionId)) return Promise.reject(new Error("the engine does not answer"));
          return Promise.resolve(void done.push(`remove ${sessionId[0]}`));
        },
      },
      notes: {
        entered: ({ session_id: id }) => void done.push(`note entered ${id[0]}`),
        removed: ({ session_id: id }, why) => Promise.resolve(void done.push(`note ${why} ${id[0]}`)),
      },
      maxBytes: () => maxBytes,
      clock: { now: () => nowMs, monotonic: () => performance.now(), uptime: () => 0 },
      log: pino({ level: "silent" }),
      failpoints: NO_FAILPOINTS,
    });
  const kept = daemon();
  const keep = async (sessionId: string, bytes = 4_000): Promise<void> => {
    await kept.add({ sessionId, profile: await profile(), hasInput: false, directory: "/record", bytes });
    kept.sealed(sessionId);
    nowMs += 1000;
  };
  /** Looks once for what is over. */
  const look = (sessions: KeptSessions): Promise<void> => sessions.watch(AbortSignal.abort());
  return {
    kept,
    daemon,
    keep,
    look,
    done,
    failing,
    pass: (ms: number) => (nowMs += ms),
    listed: () => readdir(join(directory, "kept")),
    spoil: (id: string) => writeFile(join(directory, "kept", id), "{"),
  };
}

describe("kept sessions", () => {
  it("go when their time is over, but not from under those who have entered them", async () => {
    const { kept, keep, look, pass, done, listed } = await ground();
    await keep(ONE);
    const ref = await kept.enter(ONE, ["sh"], true);
    const client = new AbortController();
    const attended = kept.attend(ref, client.signal);
    pass(2 * HOUR_MS);
    await look(kept);
    expect(kept.shown(ONE)).toMatchObject({ entered: 1 });
    await expect(kept.remove(ONE, { force: false })).rejects.toMatchObject({ code: "session_entered" });
    client.abort();
    await attended;
    await look(kept);
    expect(await listed()).toEqual([]);
    expect(done).toEqual(["note entered a", "enter a", "leave a", "remove a", "note expired a"]);
  });

  it("go when they take too much, the oldest first", async () => {
    const { kept, keep, look, listed } = await ground();
    await keep(ONE);
    await keep(OTHER, 7_000);
    await look(kept);
    expect(await listed()).toEqual([OTHER]);
    await expect(keep("c".repeat(16), 11_000)).rejects.toThrow("it takes 11000 bytes, and daemon.keep_max");
  });

  it("are removed again and again until that works, also by the next daemon", async () => {
    const { kept, daemon, keep, look, failing, listed, done } = await ground();
    await keep(ONE);
    failing.add(ONE);
    await expect(kept.remove(ONE, { force: false })).rejects.toThrow("the engine does not answer");
    expect([kept.shown(ONE), await listed()]).toEqual([null, [ONE]]);
    failing.clear();
    const next = daemon();
    expect(await next.load()).toEqual(new Set());
    next.resume(new Set());
    await look(next);
    expect(await listed()).toEqual([]);
    expect(done).toEqual(["remove a", "note operator a"]);
  });

  it("stay for the next daemon, also where it cannot read what is written about them", async () => {
    const { daemon, keep, spoil } = await ground();
    await keep(ONE);
    await keep(OTHER);
    await spoil(OTHER);
    const next = daemon();
    expect(await next.load()).toEqual(new Set([ONE, OTHER]));
    next.resume(new Set([ONE]));
    await expect(next.enter(ONE, ["sh"], false)).rejects.toMatchObject({ code: "session_not_kept" });
    await expect(next.remove(OTHER, { force: true })).rejects.toMatchObject({ code: "state_unusable" });
    await expect(next.remove("c".repeat(16), { force: true })).rejects.toMatchObject({
      code: "session_not_kept",
    });
  });

  it("are left by all when their daemon ends", async () => {
    const { kept, keep, done } = await ground();
    await keep(ONE);
    const ref = await kept.enter(ONE, ["sh"], false);
    const attended = kept.attend(ref, new AbortController().signal);
    await kept.close();
    await attended;
    expect(done).toEqual(["note entered a", "enter a", "leave a"]);
    expect(kept.shown(ONE)).toMatchObject({ entered: 0 });
  });
});
