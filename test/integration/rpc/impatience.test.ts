import { afterEach, describe, expect, it } from "vitest";
import { connect } from "../../../src/rpc/client.ts";
import type { Patience } from "../../../src/rpc/connection.ts";
import { RawClient } from "../../kit/raw-client.ts";
import { listed, type SmallDaemon, startSmallDaemon, STATUS, view } from "../../kit/small-daemon.ts";

const HOUR_MS = 3_600_000;
/** Long enough for what is sent at once, also when the machine is busy. */
const QUICKLY_MS = 500;

let daemon: SmallDaemon;
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await daemon.stop();
});

async function connectTo(patience: Patience): Promise<RawClient> {
  const list = ({ limit }: { limit: number }) =>
    listed(view({ warnings: Array.from({ length: limit }, () => "x".repeat(1024)) }));
  daemon = await startSmallDaemon({ list }, patience);
  return await another();
}

async function another(): Promise<RawClient> {
  const client = await RawClient.connect(daemon.path);
  clients.push(client);
  return client;
}

describe("a client that does not end its line", () => {
  const patience = { lineMs: QUICKLY_MS, unreadMs: HOUR_MS };

  it.each([
    ["never sends anything", ""],
    ["sends half a line", '{"jsonrpc":"2.0","id":1,'],
    ["sends half a line after a whole one", '{"jsonrpc":"2.0","id":1,"method":"status"}\n{"id"'],
  ])("is told so and cut off when it %s", async (_, text) => {
    const client = await connectTo(patience);
    client.send(text);
    await client.closed();
    const answers = await client.answers(text.includes("\n") ? 2 : 1);
    expect(answers.at(-1)).toMatchObject({
      id: null,
      error: { code: -32600, message: "invalid request: no complete line arrived within 0.5 s" },
    });
    expect(daemon.log.join("")).toContain("disconnected a client that does not complete its line");
  });

  it("is cut off also when it goes on sending, byte by byte", async () => {
    const client = await connectTo(patience);
    const dribble = setInterval(() => client.send("x"), 5);
    await client.closed();
    clearInterval(dribble);
  });

  it("is none that waits for an answer, or has no question", async () => {
    const client = await connectTo(patience);
    client.request(1, "wait", { session: "abc" });
    const quiet = await connect(daemon.path, { version: "0.1.0", timeoutMs: 60_000 });
    // The one that came last is cut off last.
    const hanging = await another();
    await hanging.closed();
    client.request(2, "status");
    expect(await client.answer()).toMatchObject({ id: 2, result: STATUS });
    expect(await quiet.call("status", {})).toEqual(STATUS);
    quiet.close();
  });
});

describe("a client that does not read", () => {
  const patience = { lineMs: HOUR_MS, unreadMs: QUICKLY_MS };
  /** More than the buffers of a socket take. */
  const LONG_LIST = { all: true, limit: 1000 };

  it("is cut off after a while, though little waits for it", async () => {
    const client = await connectTo(patience);
    client.socket.pause();
    client.request(1, "list", LONG_LIST);
    const { log } = daemon;
    while (!log.join("").includes("does not read")) await new Promise((resolve) => setTimeout(resolve, 10));
    client.socket.resume();
    await client.closed();
  });

  it("is none that reads late", async () => {
    const client = await connectTo({ lineMs: QUICKLY_MS, unreadMs: HOUR_MS });
    client.socket.pause();
    client.request(1, "list", LONG_LIST);
    // Not listened to, and so not blamed for the line that it cannot end.
    client.send("x".repeat(500_000));
    const hanging = await another();
    await hanging.closed();
    client.socket.resume();
    expect(await client.answer()).toMatchObject({ id: 1 });
  });
});
