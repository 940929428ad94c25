import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RecordDirectory } from "../kit/house/records.ts";
import { RawClient } from "../kit/raw-client.ts";
import { until } from "../kit/until.mjs";
import { connectWire, type Wire } from "../kit/wire.mjs";
import type { World } from "../kit/world.ts";
import { inAWorld } from "./in-a-world.ts";
import { usageOf } from "./process-usage.ts";

const MIB = 1024 * 1024;
/** As many as one list returns. */
const RECORDS = 1000;
const CLIENTS_OF_EACH_KIND = 5;
/** What they ask for together is many times as much. */
const MOST_GROWTH_MB = 300;

/** What one hostile client does; resolves when it has got what it deserves. */
type Attack = (client: RawClient, runningSession: string) => Promise<void>;

const LONG_LIST = { all: true, limit: RECORDS };

const ATTACKS: Readonly<Record<string, Attack>> = {
  "subscribes and stops reading": async (client, session) => {
    client.request("subscribed", "wait", { session });
    client.socket.pause();
    for (let id = 0; id < 200; id += 1) client.request(id, "list", LONG_LIST);
  },
  "sends a line of 10 MB": async (client) => {
    client.send(Buffer.concat([Buffer.alloc(10 * MIB, "x"), Buffer.from("\n")]));
    await expectError(client, -32600);
  },
  "sends half of a long line and hangs": async (client) => {
    client.send(Buffer.alloc(MIB - 1, "x"));
    await client.closed();
  },
  "connects and says nothing": (client) => client.closed(),
  "sends 10,000 requests at once": async (client, session) => {
    const request = (id: number): string =>
      `${JSON.stringify({ jsonrpc: "2.0", id, method: "wait", params: { session } })}\n`;
    client.send(Array.from({ length: 10_000 }, (_, id) => request(id)).join(""));
    for (const { error } of await client.answers(9_000)) expect(error?.code).toBe(-32600);
  },
  "sends binary noise": async (client) => {
    client.send(randomBytes(MIB));
    client.send(Buffer.from([0xff, 0x0a]));
    await expectError(client, -32700);
  },
  "sends wrong types": async (client) => {
    client.request(1, "show", { session: ["no", "text"] });
    await expectError(client, -32602);
    client.request(2, "list", { all: "yes", limit: {} });
    await expectError(client, -32602);
    client.send("[]\nnull\n42\n");
    for (let line = 0; line < 3; line += 1) await expectError(client, -32600);
  },
  "speaks another version": async (client) => {
    client.request(1, "hello", { protocol: 999, version: "9.9.9", color: "blue" });
    const { error } = await client.answer();
    expect(error?.data.code).toBe("protocol_mismatch");
  },
  "half-closes and waits": async (client, session) => {
    client.request(1, "wait", { session });
    client.socket.end();
    await expectError(client, -32600);
    await client.closed();
  },
  "goes away in the middle of a request": async (client) => {
    client.request(1, "list", LONG_LIST);
    client.send('{"jsonrpc":"2.0","id":2,"me');
    client.close();
  },
};

async function expectError(client: RawClient, code: number): Promise<void> {
  expect((await client.answer()).error?.code).toBe(code);
}

/** Copies of a sealed record's document under older ids, as an audit root that was used for long has. */
async function makeOlderRecords(record: RecordDirectory): Promise<void> {
  const document = await readFile(join(record.path, "agentd/session.json"), "utf8");
  for (let number = 0; number < RECORDS; number += 1) {
    const id = number.toString(16).padStart(16, "0");
    const directory = join(dirname(record.path), id, "agentd");
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "session.json"), document.replaceAll(record.id, id));
  }
}

/** Asks all the time, and insists on the right answer. */
async function askUntil(over: AbortSignal, wire: Wire, session: string): Promise<number> {
  const expected: unknown = await wire.call("show", { session });
  let answers = 0;
  for (; !over.aborted; answers += 1) {
    expect(await wire.call("show", { session })).toEqual(expected);
    expect(await wire.call("list", { all: false, limit: 10 })).toMatchObject({ sessions: [{}] });
    await sleep(5);
  }
  return answers;
}

/** Lets all attack at once; resolves when each has got what it deserves. */
async function attack(world: World, session: string): Promise<RawClient[]> {
  const { sandbox } = await world.daemon();
  const kinds = Object.values(ATTACKS);
  const attackers = Array.from({ length: CLIENTS_OF_EACH_KIND }, () => kinds).flat();
  return await Promise.all(
    attackers.map(async (behave) => {
      const client = await RawClient.connect(sandbox.socketPath);
      // Cut off instead where a busy machine makes it look as if it did not go on.
      await Promise.race([behave(client, session), client.closed()]);
      return client;
    }),
  );
}

describe("hostile clients of every kind, five of each", () => {
  it(
    "get their errors or are cut off; a client beside them never notices, and the daemon's memory is bounded",
    inAWorld(async (world) => {
      world.daemonKeys["max_sessions"] = 2;
      await world.commitAgent(
        '[ "$AGENTD_WORK_UNIT" = quick ] || until [ -e .runa/go ]; do sleep 0.1; done; echo done',
      );
      const { daemon, sandbox } = await world.daemon();
      await (await world.start("agentd run site-builder --work-unit quick")).end();
      const sealed = await world.record();
      const long = await world.start("agentd run site-builder --work-unit long");
      const running = await world.record();
      await until("the session runs", async () => (await running.state()) === "running");
      await makeOlderRecords(sealed);

      const wire = await connectWire(sandbox.socketPath);
      const over = new AbortController();
      const asking = askUntil(over.signal, wire, sealed.id);
      const before = await usageOf(daemon.pid);
      const clients = await attack(world, running.id);
      const cutOff = () => daemon.log.split("disconnected a client that does not read").length - 1;
      await until("who does not read is cut off", () => cutOff() === CLIENTS_OF_EACH_KIND);
      over.abort();
      expect(await asking).toBeGreaterThan(0);
      wire.close();
      for (const client of clients) client.close();

      await until("the daemon lets go of them", async () => {
        return (await usageOf(daemon.pid)).openSockets <= before.openSockets;
      });
      const { peakMb } = await usageOf(daemon.pid);
      console.info(`the daemon's memory went from ${before.peakMb.toFixed(0)} to ${peakMb.toFixed(0)} MB`);
      expect(peakMb - before.peakMb).toBeLessThan(MOST_GROWTH_MB);

      await writeFile(join(running.path, "runa/go"), "");
      expect(await long.end()).toBe(0);
      expect(long.stdout.toString()).toBe("done\n");
      expect(daemon.log).not.toMatch(/"level":(50|60)/);
    }),
  );
});
