import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { SessionList } from "../../src/api/methods.ts";
import type { ListedSession, SessionView } from "../../src/session-document.ts";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { until } from "../kit/until.mjs";
import { connectWire, type Wire } from "../kit/wire.mjs";
import type { World } from "../kit/world.ts";
import { inAWorld } from "./in-a-world.ts";
import { usageOf } from "./process-usage.ts";

/** Bounds how long a hang lasts. */
const TIMEOUT_MS = 600_000;

function unitsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

/** Accepts sessions one after another, so that their order is known. */
async function runMany(wire: Wire, workUnits: readonly string[]): Promise<SessionView[]> {
  const views: SessionView[] = [];
  for (const workUnit of workUnits) {
    const request = { request_id: workUnit, profile: "site-builder", work_unit: workUnit };
    views.push((await wire.call("run", request)) as SessionView);
  }
  return views;
}

async function waitForAll(wire: Wire, sessions: readonly SessionView[]): Promise<SessionView[]> {
  return await Promise.all(
    sessions.map(async ({ session_id: session }) => (await wire.call("wait", { session })) as SessionView),
  );
}

function countOf(sessions: readonly SessionView[], outcome: string): number {
  return sessions.filter((session) => session.outcome === outcome).length;
}

async function open(wire: Wire): Promise<ListedSession[]> {
  const { sessions } = (await wire.call("list", { all: false, limit: 1000 })) as SessionList;
  return sessions;
}

/** Checks every record's sums with coreutils, as anybody may. */
async function expectIntactRecords(sessions: readonly SessionView[]): Promise<void> {
  for (const { record } of sessions)
    await execa("sha256sum", ["--check", "--quiet", "SHA256SUMS"], { cwd: record });
}

/** Connections to the engine that are kept for the next session. */
const MOST_KEPT_CONNECTIONS = 32;

/** Runs the test and checks that the daemon has nothing open after it that it had not before. */
async function expectNothingHeld(world: World, test: (wire: Wire) => Promise<void>): Promise<void> {
  const { daemon, sandbox } = await world.daemon();
  // The first session opens what stays open: watches, connections to the engine, the worker that seals.
  await (await world.start("agentd run site-builder --work-unit 0")).end();
  const before = await usageOf(daemon.pid);
  const wire = await connectWire(sandbox.socketPath);
  await test(wire);
  wire.close();
  await expectNothingLeft(world);
  await until("the daemon closes what it has opened", async () => {
    const { openFiles, openSockets } = await usageOf(daemon.pid);
    return openFiles <= before.openFiles && openSockets <= before.openSockets + MOST_KEPT_CONNECTIONS;
  });
}

describe("eight sessions at once", () => {
  it(
    "end as each of them should and leave nothing behind",
    inAWorld(async (world) => {
      const codes = [0, 1, 2, 5, 6, 42, 126, 127];
      world.daemonKeys["max_sessions"] = codes.length;
      await world.commitAgent('echo "$AGENTD_SESSION_ID"; id > .runa/id; exit "$AGENTD_WORK_UNIT"');
      const runs = codes.map((code) => world.start(`agentd run site-builder --work-unit ${code}`));
      const commands = await Promise.all(runs);
      expect(await Promise.all(commands.map((command) => command.end()))).toEqual(codes);

      const records = await world.records();
      const documents = await Promise.all(records.map((record) => record.document()));
      expect(documents.map((document) => document.exit_code).sort()).toEqual([...codes].sort());
      for (const [index, command] of commands.entries()) {
        const record = await world.recordOf(String(codes[index]));
        expect(command.stdout.toString()).toBe(`${record.id}\n`);
      }
      await expectNothingLeft(world);
    }),
  );
});

describe("twenty sessions that run at the same time", () => {
  it(
    "all succeed, are sealed, and leave nothing behind",
    inAWorld(async (world) => {
      const count = 20;
      world.daemonKeys["max_sessions"] = count;
      await world.commitAgent('[ "$AGENTD_WORK_UNIT" = 0 ] || until [ -e .runa/go ]; do sleep 0.2; done');
      await expectNothingHeld(world, async (wire) => {
        const accepted = await runMany(wire, unitsOf("unit", count));
        const allRun = async () => (await open(wire)).every(({ state }) => state === "running");
        await until("all sessions run", allRun, { timeoutMs: TIMEOUT_MS });
        const ps = await world.start("agentd ps --json");
        await ps.end();
        const shown = JSON.parse(ps.stdout.toString()) as ListedSession[];
        expect(shown.map(({ state, position }) => [state, position])).toEqual(
          Array(count).fill(["running", null]),
        );

        for (const { record } of accepted) await writeFile(join(record, "runa/go"), "");
        const sealed = await waitForAll(wire, accepted);
        expect(countOf(sealed, "success")).toBe(count);
        await expectIntactRecords(sealed);
      });
    }),
    TIMEOUT_MS,
  );
});

describe("two hundred sessions in a queue of sixteen", () => {
  it(
    "show their place in the order they came, can be stopped there, and leave nothing behind",
    inAWorld(async (world) => {
      const [places, count] = [16, 200];
      world.daemonKeys["max_sessions"] = places;
      // Those that come first hold all places until every one is in the queue.
      await world.commitAgent(
        '[ "${AGENTD_WORK_UNIT#first-}" = "$AGENTD_WORK_UNIT" ] || until [ -e .runa/go ]; do sleep 0.2; done',
      );
      await expectNothingHeld(world, async (wire) => {
        const first = await runMany(wire, unitsOf("first", places));
        const others = await runMany(wire, unitsOf("other", count - places));
        const accepted = [...first, ...others];
        const queue = (await open(wire)).filter(({ state }) => state === "queued").reverse();
        expect(queue.map(({ position }) => position)).toEqual(queue.map((_, index) => index + 1));
        const ids = (sessions: readonly ListedSession[]) => sessions.map(({ session_id: id }) => id);
        expect(ids(queue)).toEqual(ids(others));
        const reasons = new Set(queue.map(({ reason }) => reason));
        expect(reasons).toEqual(new Set([`all ${places} slots of daemon.max_sessions are taken`]));

        const stopped = queue.slice(-5);
        for (const { session_id: session } of stopped) await wire.call("stop", { session });
        for (const { record } of first) await writeFile(join(record, "runa/go"), "");
        const sealed = await waitForAll(wire, accepted);
        expect(countOf(sealed, "cancelled")).toBe(stopped.length);
        expect(countOf(sealed, "success")).toBe(count - stopped.length);
        await expectIntactRecords(sealed);
      });
    }),
    TIMEOUT_MS,
  );
});
