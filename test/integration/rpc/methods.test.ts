import { afterEach, describe, expect, it } from "vitest";
import type { Handlers } from "../../../src/api/handlers.ts";
import { AgentdError } from "../../../src/errors.ts";
import { connect, type RpcClient } from "../../../src/rpc/client.ts";
import { RawClient } from "../../kit/raw-client.ts";
import { listed, sealed, type SmallDaemon, startSmallDaemon, STATUS, view } from "../../kit/small-daemon.ts";

const OPTIONS = { version: "0.1.0", timeoutMs: 60_000 };

const open: { close?: () => void; stop?: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) {
    each.close?.();
    await each.stop?.();
  }
});

async function start(handlers: Partial<Handlers> = {}): Promise<{ daemon: SmallDaemon; client: RpcClient }> {
  const daemon = await startSmallDaemon(handlers);
  open.push(daemon);
  const client = await connect(daemon.path, OPTIONS);
  open.push(client);
  return { daemon, client };
}

describe("a client and the daemon", () => {
  it("compare versions and go on when they agree", async () => {
    const { client } = await start();
    expect(await client.call("hello", { protocol: 1, version: "x" })).toEqual({
      protocol: 1,
      version: "0.1.0",
      pid: process.pid,
      instance: "1a2b3c4d",
    });
    expect(await client.call("status", {})).toEqual(STATUS);
  });

  it("part with one clear error when they do not, whatever else the client says", async () => {
    const { daemon } = await start();
    const raw = await RawClient.connect(daemon.path);
    open.push(raw);
    raw.request(1, "hello", { protocol: 2, version: "9.0.0", compression: "zstd" });
    const { error } = await raw.answer();
    expect(error).toMatchObject({
      code: -32000,
      message: "cannot talk to this client: it speaks protocol 2, but daemon 0.1.0 speaks 1",
      data: { code: "protocol_mismatch", details: { client: 2, daemon: 1 } },
    });
  });

  it("hand params and results over as they are", async () => {
    const calls: unknown[] = [];
    const { client } = await start({
      run: (params) => {
        calls.push(params);
        return Promise.resolve(view({ work_unit: params.work_unit ?? null, warnings: ["ä\n😀"] }));
      },
    });
    const params = { request_id: "r", profile: "demo", work_unit: "line\u2028two", timeout_ms: 1 };
    expect(await client.call("run", params)).toEqual(
      view({ work_unit: "line\u2028two", warnings: ["ä\n😀"] }),
    );
    expect(calls).toEqual([params]);
  });

  it("answer overlapping calls each with its own result", async () => {
    const { client } = await start({
      show: async ({ session }) => {
        await new Promise((resolve) => setTimeout(resolve, session === "first" ? 20 : 0));
        return view({ profile: session });
      },
    });
    const names = ["first", "second", "third"];
    const views = await Promise.all(names.map((session) => client.call("show", { session })));
    expect(views.map(({ profile }) => profile)).toEqual(names);
  });

  it("exchange results that are larger than any buffer on the way", async () => {
    const warnings = Array.from({ length: 1000 }, (_, index) => `${index} ${"x".repeat(5000)}`);
    const { client } = await start({ list: () => listed(view({ warnings })) });
    const { sessions } = await client.call("list", { all: true, limit: 1 });
    expect(sessions[0]?.warnings).toEqual(warnings);
  });
});

describe("an error of a handler", () => {
  it("arrives with code, message, what to do next and details", async () => {
    const { client } = await start();
    const error = await client.call("show", { session: "abc" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AgentdError);
    expect(error).toMatchObject({
      code: "unknown_session",
      message: "cannot find session abc: there is none",
      next: "`agentd ps -a` lists them.",
      details: { session: "abc" },
    });
  });

  it("is told as internal and logged in full when it is a fault of ours", async () => {
    const { daemon, client } = await start({ show: () => Promise.reject(new TypeError("secret detail")) });
    const error = await client.call("show", { session: "abc" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "internal" });
    expect(String(error)).not.toContain("secret detail");
    expect(daemon.log.join("")).toContain("secret detail");
  });

  it("is never told as wrong params, even when a validator threw it", async () => {
    const { client } = await start({ show: () => Promise.resolve({ ...view(), session_id: "not an id" }) });
    await expect(client.call("show", { session: "abc" })).rejects.toMatchObject({ code: "internal" });
  });
});

describe("waiting", () => {
  it("ends in the daemon when the connection ends, and only then", async () => {
    let isAborted = false;
    let tellAborted: (reason: unknown) => void = () => undefined;
    const aborted = new Promise((resolve) => (tellAborted = resolve));
    const { daemon, client } = await start({
      wait: (_params, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            isAborted = true;
            tellAborted(signal.reason);
            reject(signal.reason as Error);
          });
        }),
    });
    const waiting = client.call("wait", { session: "abc" }).catch((thrown: unknown) => thrown);
    await client.call("status", {});
    expect(isAborted).toBe(false);
    client.close();
    expect(await waiting).toMatchObject({ code: "daemon_lost" });
    expect(await aborted).toBeInstanceOf(Error);
    expect(daemon.log).toEqual([]);
  });

  it("can be given up by the client, which goes on with other calls", async () => {
    const { client } = await start();
    const controller = new AbortController();
    const waiting = client.call("wait", { session: "abc" }, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(await client.call("status", {})).toEqual(STATUS);
  });

  it("is answered when the session ends just before the server closes", async () => {
    let end: () => void = () => undefined;
    const { daemon, client } = await start({
      wait: () => new Promise((resolve) => (end = () => resolve(sealed()))),
    });
    const waiting = client.call("wait", { session: "abc" });
    await client.call("status", {});
    end();
    await daemon.server.close();
    expect(await waiting).toEqual(sealed());
  });

  it("fails with daemon_lost when the server closes under it", async () => {
    const { daemon, client } = await start();
    const waiting = client.call("wait", { session: "abc" });
    await client.call("status", {});
    const outcome = expect(waiting).rejects.toMatchObject({ code: "daemon_lost" });
    await daemon.server.close();
    await outcome;
    await expect(client.call("status", {})).rejects.toMatchObject({ code: "daemon_lost" });
  });
});
