import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { SessionLlmAccess } from "../../../src/daemon/session-llm.ts";
import { gatewayFiles, SessionNetworks } from "../../../src/daemon/session-networks.ts";
import { createLogger } from "../../../src/log.ts";
import type { NetworkChange } from "../../../src/sessions/port/session-network.ts";
import { until } from "../../kit/until.mjs";
import { GATEWAY_SCRIPT, startContainer } from "../gateway/gateway-ground.ts";

const SESSION = "0123456789abcdef";

let directory: string;
let networks: SessionNetworks;
/** The daemon's variables. */
let variables: Record<string, string>;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-nets-"));
  variables = { PROVIDER_KEY: "key-one" };
  const places = { runtime: directory, state: directory };
  networks = new SessionNetworks({
    ...gatewayFiles(directory),
    script: GATEWAY_SCRIPT,
    environment: { PATH: process.env["PATH"] ?? "" },
    version: "0.1.0",
    log: createLogger({ write: () => undefined }, "info"),
    llm: await SessionLlmAccess.load(places, { current: variables, file: "/credentials.env" }),
  });
});
afterEach(async () => {
  await networks.closeOthers(new Set());
  await networks.gateway.stop();
  await rm(directory, { recursive: true });
});

async function openOne() {
  const container = await startContainer();
  onTestFinished(() => container.remove());
  const egressPath = join(directory, "egress.jsonl");
  const llmPath = join(directory, "llm.jsonl");
  const profile = { name: "site-builder", network: "allowlist", allow: [] } as const;
  const { process } = container;
  const opening = networks.open({ sessionId: SESSION, profile, process, egressPath, llmPath });
  return { container, egressPath, opening };
}

describe("the networks of sessions", () => {
  it("are closed when they are open, even while they are being opened", async () => {
    const { container, opening } = await openOne();
    expect(await networks.close(SESSION)).toEqual([]);
    expect(await opening).toBe(true);
    expect((await container.run("nc 127.0.0.1 8791 -e true")).exitCode).toBe(1);
  });

  it("say that they were lost, also when nobody listened", async () => {
    const { container, opening } = await openOne();
    await opening;
    await container.remove();
    process.kill(networks.gateway.process!.pid, "SIGKILL");
    const changes: NetworkChange[] = [];
    await until("the loss", () => {
      const over = new AbortController();
      networks.follow(SESSION, (change) => changes.push(change), over.signal);
      over.abort();
      return changes.length > 0;
    });
    expect(changes).toMatchObject([{ kind: "lost" }]);
  });

  it("say that connections may be missing when the gateway is gone in the end", async () => {
    const { container, opening } = await openOne();
    await opening;
    const { pid } = networks.gateway.process!;
    process.kill(pid, "SIGSTOP");
    const closing = networks.close(SESSION);
    process.kill(pid, "SIGKILL");
    expect(await closing).toEqual([expect.stringContaining("connections may be missing")]);
    await container.remove();
  });

  it("start no gateway for a session that has none", async () => {
    expect(await networks.close(SESSION)).toEqual([]);
    await expect(stat(gatewayFiles(directory).socketPath)).rejects.toThrow("ENOENT");
  });

  it("name the first 100 hosts, and count all", async () => {
    const place = { time: "2026-01-01T00:00:00.000Z", port: 443, rule: "*", reason: null, address: null };
    const numbers = { bytes_sent: 0, bytes_received: 0, duration_ms: 1 };
    const line = (host: string, verdict: string) =>
      `${JSON.stringify({ ...place, ...numbers, host, verdict })}\n`;
    const counter = { ...place, ...numbers, host: "(other hosts)", verdict: "denied", connections: 5 };
    const text = [
      ...Array.from({ length: 150 }, (_, index) => line(`h${index}.example`, "allowed")),
      line("h0.example", "allowed"),
      line("evil.example", "denied"),
      line("", "denied"),
      line("down.example", "failed"),
      `${JSON.stringify(counter)}\n`,
      '{"time":',
    ].join("");
    const path = join(directory, "egress.jsonl");
    await writeFile(path, text);
    const reached = await networks.reached({ egressPath: path, llmPath: join(directory, "none") });
    expect(reached?.egress?.allowed).toHaveLength(100);
    expect(reached).toMatchObject({
      egress: { denied: ["evil.example:443"], allowed_count: 150, denied_count: 1 },
      warnings: ["1 line of agentd/egress.jsonl is incomplete."],
    });
    const none = join(directory, "none");
    expect(await networks.reached({ egressPath: none, llmPath: none })).toBeUndefined();
  });
});
