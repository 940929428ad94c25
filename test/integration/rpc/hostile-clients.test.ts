import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect, type RpcClient } from "../../../src/rpc/client.ts";
import { MAX_WAITS } from "../../../src/rpc/connection.ts";
import { MAX_REQUEST_BYTES } from "../../../src/rpc/protocol.ts";
import { RawClient } from "../../kit/raw-client.ts";
import { listed, type SmallDaemon, startSmallDaemon, STATUS, view } from "../../kit/small-daemon.ts";

const MIB = 1024 * 1024;

let daemon: SmallDaemon;
/** A well-behaved client that is there all the time. */
let neighbour: RpcClient;
let hostile: RawClient;
let asked = 0;

beforeAll(async () => {
  daemon = await startSmallDaemon({
    list: ({ limit }) => {
      asked += 1;
      return listed(view({ warnings: Array.from({ length: limit }, () => "x".repeat(1024)) }));
    },
  });
  neighbour = await connect(daemon.path, { version: "0.1.0", timeoutMs: 60_000 });
});

afterEach(async () => {
  hostile.close();
  expect(await neighbour.call("status", {})).toEqual(STATUS);
});

afterAll(async () => {
  neighbour.close();
  await daemon.stop();
});

async function connectHostile(): Promise<RawClient> {
  hostile = await RawClient.connect(daemon.path);
  return hostile;
}

/** Whether the same connection still works. */
async function stillServed(client: RawClient): Promise<void> {
  client.request("after", "status");
  expect(await client.answer()).toEqual({ jsonrpc: "2.0", id: "after", result: STATUS });
}

describe("a hostile client gets an error of its own and is served on", () => {
  it.each<[string, string | Buffer, number, unknown]>([
    ["binary noise", Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x0a]), -32700, null],
    ["text that is not JSON", "GET / HTTP/1.1\n", -32700, null],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"status"}]\n', -32600, null],
    [
      "a batch of 10,000",
      `[${'{"jsonrpc":"2.0","id":1,"method":"status"},'.repeat(9_999)}1]\n`,
      -32600,
      null,
    ],
    ["the id null", '{"jsonrpc":"2.0","id":null,"method":"status"}\n', -32600, null],
    ["a notification", '{"jsonrpc":"2.0","method":"status"}\n', -32600, null],
    ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"reboot"}\n', -32601, 1],
    ["the method __proto__", '{"jsonrpc":"2.0","id":1,"method":"__proto__"}\n', -32601, 1],
    ["the method constructor", '{"jsonrpc":"2.0","id":1,"method":"constructor"}\n', -32601, 1],
    [
      "params of the wrong type",
      '{"jsonrpc":"2.0","id":1,"method":"show","params":{"session":1}}\n',
      -32602,
      1,
    ],
    ["missing params", '{"jsonrpc":"2.0","id":1,"method":"show"}\n', -32602, 1],
    ["an unknown param", '{"jsonrpc":"2.0","id":1,"method":"status","params":{"x":1}}\n', -32602, 1],
    [
      "the param __proto__",
      '{"jsonrpc":"2.0","id":1,"method":"status","params":{"__proto__":{"x":1}}}\n',
      -32602,
      1,
    ],
    [
      "a long text",
      `{"jsonrpc":"2.0","id":1,"method":"show","params":{"session":"${"x".repeat(9999)}"}}\n`,
      -32602,
      1,
    ],
    [
      "a limit beyond all bounds",
      '{"jsonrpc":"2.0","id":1,"method":"list","params":{"all":true,"limit":1e9}}\n',
      -32602,
      1,
    ],
    ["a line of 10 MB", Buffer.concat([Buffer.alloc(10 * MIB, 0x78), Buffer.from("\n")]), -32600, null],
    ["a million brackets", `${"[".repeat(MAX_REQUEST_BYTES)}\n`, -32700, null],
  ])("for %s", async (_, bytes, code, id) => {
    const client = await connectHostile();
    client.send(bytes);
    const { error, id: answerId } = await client.answer();
    expect({ code: error?.code, id: answerId, data: error?.data.code }).toEqual({
      code,
      id,
      data: "protocol_error",
    });
    await stillServed(client);
  });

  it("for each of 10,000 waits at once that is too many", async () => {
    const client = await connectHostile();
    const requests = Array.from({ length: 10_000 }, (_, id) =>
      JSON.stringify({ jsonrpc: "2.0", id, method: "wait", params: { session: "abc" } }),
    );
    client.send(`${requests.join("\n")}\n`);
    const refused = await client.answers(10_000 - MAX_WAITS);
    expect(new Set(refused.map(({ error }) => error?.code))).toEqual(new Set([-32600]));
  });
});

describe("a hostile client costs nobody else anything", () => {
  it("when it sends half a line and hangs", async () => {
    const client = await connectHostile();
    client.send('{"jsonrpc":"2.0",');
    expect(await neighbour.call("status", {})).toEqual(STATUS);
    client.send('"id":1,"method":"status"}\n');
    expect(await client.answer()).toMatchObject({ id: 1, result: STATUS });
  });

  it("when it stops sending after its requests: it gets what is under way and nothing to wait for", async () => {
    hostile = await RawClient.connect(daemon.path, { allowHalfOpen: true });
    hostile.request(1, "wait", { session: "abc" });
    hostile.request(2, "status");
    hostile.socket.end();
    const answers = await hostile.answers(2);
    expect(answers.find(({ id }) => id === 2)).toMatchObject({ result: STATUS });
    expect(answers.find(({ id }) => id === 1)?.error?.data.code).toBe("protocol_error");
    await hostile.closed();
  });

  it("when it closes in the middle of everything", async () => {
    const client = await connectHostile();
    client.request(1, "wait", { session: "abc" });
    client.send('{"jsonrpc"');
    client.close();
    expect(await neighbour.call("status", {})).toEqual(STATUS);
  });

  it("when it asks faster than it reads: it is not listened to until it has read, and gets everything", async () => {
    const client = await connectHostile();
    client.socket.pause();
    asked = 0;
    for (let id = 0; id < 100; id += 1) {
      client.request(id, "list", { all: true, limit: 20 });
      await neighbour.call("status", {});
    }
    expect(asked).toBeLessThan(100);
    client.socket.resume();
    const answers = await client.answers(100);
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it("when it asks for much at once and reads nothing: no more is looked up than it has read", async () => {
    const client = await connectHostile();
    client.socket.pause();
    asked = 0;
    for (let id = 0; id < 2_000; id += 1) client.request(id, "list", { all: true, limit: 1000 });
    for (let turn = 0; turn < 500; turn += 1) await neighbour.call("status", {});
    expect(asked).toBe(1);
    client.socket.resume();
    expect(await client.answers(100)).toHaveLength(100);
  });
});
