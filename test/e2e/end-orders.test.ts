import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Arena, type Ground, inArena, openGround, PROFILE, untilLong } from "../chaos/arena.mjs";
import { leaks } from "../chaos/judgement.mjs";
import { readJournal, readSession } from "../kit/records.mjs";

/** Ends only by SIGKILL. */
const STUBBORN = `
trap '' TERM
echo start >> /host/$AGENTD_SESSION_ID
until [ -e /host/go ]; do sleep 0.1; done
exit 5
`;

let ground: Ground;
let closeGround: () => Promise<void>;
beforeAll(async () => ({ ground, close: closeGround } = await openGround()));
afterAll(() => closeGround());

async function expectEnds(arena: Arena, outcomes: readonly string[], starts: number): Promise<void> {
  await arena.allSealed();
  const documents = await Promise.all((await arena.records()).map(readSession));
  expect(documents.map(({ outcome }) => outcome)).toEqual(outcomes);
  expect([...(await arena.starts()).values()]).toEqual(Array.from({ length: starts }, () => 1));
  // One follows each: a daemon that stops would leave it to the next.
  await arena.followers();
  await arena.stopDaemons();
  expect(await leaks(arena)).toEqual([]);
}

async function hasOrder(record: string): Promise<boolean> {
  return (await readJournal(record)).some(({ event }) => event === "end_ordered");
}

describe("an order to end a session that was acknowledged before the daemon was killed", () => {
  it("ends a session that waits in the queue as cancelled, and its command never starts", () =>
    inArena(
      ground,
      async (arena) => {
        const daemon = await arena.startDaemon();
        await arena.run(5);
        await arena.commandStarted();
        await arena.run(5);
        const [, queued = ""] = await arena.records();
        expect((await arena.sandbox.run(["stop", basename(queued)])).exitCode).toBe(0);
        await daemon.kill();
        await arena.startDaemon();
        await arena.letGo();
        await expectEnds(arena, ["work_failed", "cancelled"], 1);
      },
      { maxSessions: 1 },
    ));

  it("ends a running session as cancelled, by SIGKILL after its grace", () =>
    inArena(
      ground,
      async (arena) => {
        const daemon = await arena.startDaemon();
        await arena.run(5);
        await arena.commandStarted();
        const [record = ""] = await arena.records();
        const client = arena.sandbox.spawn(["stop", basename(record), "--grace", "5s"]);
        await untilLong("the order", () => hasOrder(record));
        // Or it would ask the next daemon again.
        client.kill("SIGKILL");
        await daemon.kill();
        await arena.startDaemon();
        await expectEnds(arena, ["cancelled"], 1);
      },
      { script: STUBBORN },
    ));

  it("keeps the outcome of a deadline, when the command leaves before the next daemon starts", () =>
    inArena(
      ground,
      async (arena) => {
        const daemon = await arena.startDaemon("end_ordered");
        const run = ["run", PROFILE, "--detach", "--work-unit", "5", "--timeout", "1s"];
        expect((await arena.sandbox.run(run)).exitCode).toBe(0);
        await arena.hit("end_ordered");
        await daemon.kill();
        await arena.letGo();
        await arena.containersEnded();
        await arena.startDaemon();
        await expectEnds(arena, ["timed_out"], 1);
      },
      { script: STUBBORN },
    ));
});
