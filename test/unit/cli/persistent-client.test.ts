import { describe, expect, it } from "vitest";
import { AgentdError, type ErrorCode } from "../../../src/errors.ts";
import type { RpcClient } from "../../../src/rpc/client.ts";
import { AWAY_LIMIT_MS, PersistentClient } from "../../../src/rpc/persistent-client.ts";

type Connection = Pick<RpcClient, "call" | "close">;
type Answer = (method: string, params: unknown) => Promise<unknown>;

const fault = (code: ErrorCode) => new AgentdError(code, { tried: "do it", why: `it is ${code}` });
const lost = () => Promise.reject(fault("daemon_lost"));
const never = () => new Promise<never>(() => undefined);

/** A world without a daemon: a clock that only sleeping moves, and what connecting brings, one after another. */
function setting(...connections: readonly (Connection | AgentdError)[]) {
  const left = [...connections];
  const told: string[] = [];
  const pauses: number[] = [];
  let nowMs = 1_000_000;
  let tries = 0;
  const host = {
    connect: () => {
      tries += 1;
      const next = left.shift() ?? fault("daemon_not_running");
      return next instanceof AgentdError ? Promise.reject(next) : Promise.resolve(next);
    },
    clock: {
      monotonic: () => nowMs,
      sleep: (ms: number, signal: AbortSignal) => {
        pauses.push(ms);
        nowMs += ms;
        return signal.aborted ? Promise.reject(new Error("aborted")) : Promise.resolve();
      },
    },
    tell: (text: string) => Promise.resolve(void told.push(text)),
  };
  return { host, told, pauses, tries: () => tries, left: () => left.length };
}

function daemon(answer: Answer): Connection & { readonly asked: unknown[]; readonly isClosed: boolean } {
  const asked: unknown[] = [];
  let isClosed = false;
  const call = (method: string, params: unknown) => {
    asked.push([method, params]);
    return answer(method, params);
  };
  return {
    asked,
    call: call as Connection["call"],
    close: () => (isClosed = true),
    get isClosed() {
      return isClosed;
    },
  };
}

const SESSION = { session: "0198f2" };

describe("a client that outlives its daemon", () => {
  it("asks the next daemon what the last one did not answer, and says so", async () => {
    const next = daemon(() => Promise.resolve("the end"));
    const { host, told } = setting(fault("daemon_not_running"), fault("daemon_lost"), next);
    const client = new PersistentClient(daemon(lost), host);
    expect(await client.call("wait", SESSION)).toBe("the end");
    expect(next.asked).toEqual([["wait", SESSION]]);
    expect(told).toEqual(["lost the daemon; trying again for 60 s", "the daemon is back"]);
    expect(client.isAway).toBe(false);
  });

  it("connects once for all calls that wait", async () => {
    const next = daemon((method) => Promise.resolve(method));
    const { host, told, tries } = setting(next);
    const client = new PersistentClient(daemon(lost), host);
    const answers = [
      client.call("wait", SESSION),
      client.call("show", SESSION),
      client.call("stop", SESSION),
    ];
    expect(await Promise.all(answers)).toEqual(["wait", "show", "stop"]);
    expect([tries(), told.length]).toEqual([1, 2]);
  });

  it("passes on what the daemon says without asking again", async () => {
    const { host, tries } = setting();
    const client = new PersistentClient(
      daemon(() => Promise.reject(fault("daemon_stopping"))),
      host,
    );
    await expect(client.call("wait", SESSION)).rejects.toMatchObject({ code: "daemon_stopping" });
    expect(tries()).toBe(0);
  });

  it("tries for at least 60 s, ever more slowly, and then fails for good", async () => {
    const { host, pauses, tries } = setting();
    const client = new PersistentClient(daemon(lost), host);
    const error = {
      code: "daemon_lost",
      message: expect.stringContaining("did not come back within 60 s") as unknown,
    };
    await expect(client.call("wait", SESSION)).rejects.toMatchObject(error);
    const awayMs = pauses.reduce((sum, ms) => sum + ms);
    expect(awayMs).toBeGreaterThanOrEqual(AWAY_LIMIT_MS);
    expect(awayMs - (pauses.at(-1) ?? 0)).toBeLessThan(AWAY_LIMIT_MS);
    expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
    const before = tries();
    await expect(client.call("show", SESSION)).rejects.toMatchObject(error);
    expect(tries()).toBe(before);
  });

  it("has 60 s again each time a daemon has come back", async () => {
    const refusals = (count: number) => Array.from({ length: count }, () => fault("daemon_not_running"));
    const { host, left } = setting(
      ...refusals(50),
      daemon(lost),
      ...refusals(50),
      daemon(() => Promise.resolve("the end")),
    );
    const client = new PersistentClient(daemon(lost), host);
    expect(await client.call("wait", SESSION)).toBe("the end");
    expect(left()).toBe(0);
  });

  it("tries on whatever stands in the way, such as a configuration that is being edited", async () => {
    const next = daemon(() => Promise.resolve("the end"));
    const { host } = setting(fault("config_syntax"), next);
    expect(await new PersistentClient(daemon(lost), host).call("wait", SESSION)).toBe("the end");
  });

  it("fails at once when a daemon of another version comes back", async () => {
    const { host, tries } = setting(fault("daemon_not_running"), fault("protocol_mismatch"));
    const client = new PersistentClient(daemon(lost), host);
    await expect(client.call("wait", SESSION)).rejects.toMatchObject({ code: "protocol_mismatch" });
    expect(tries()).toBe(2);
  });

  it("lets a call be given up while the daemon is away, and the others wait on", async () => {
    const { host } = setting();
    const client = new PersistentClient(daemon(lost), { ...host, connect: never });
    const controller = new AbortController();
    const abandoned = client.call("wait", SESSION, { signal: controller.signal });
    await new Promise(setImmediate);
    expect(client.isAway).toBe(true);
    controller.abort(new Error("enough"));
    await expect(abandoned).rejects.toThrow("enough");
  });

  it("closes a connection that comes after it was closed itself", async () => {
    let arrive: (connection: Connection) => void = () => undefined;
    const { host } = setting();
    const connect = () => new Promise<Connection>((resolve) => (arrive = resolve));
    const client = new PersistentClient(daemon(lost), { ...host, connect });
    void client.call("wait", SESSION);
    await new Promise(setImmediate);
    client.close();
    const late = daemon(never);
    arrive(late);
    await new Promise(setImmediate);
    expect(late.isClosed).toBe(true);
  });
});
