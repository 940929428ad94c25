import { existsSync } from "node:fs";
import { mkdir, rename, rm, rmdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GATEWAY_PROTOCOL } from "../../../src/gateway/control/control-protocol.ts";
import { isAlive } from "../../../src/process-identity.ts";
import { ControlConnection } from "../../../src/rpc/control-connection.ts";
import { makeNamespace, type Namespace, runInNamespace } from "../../kit/network-namespace.mjs";
import { until } from "../../kit/until.mjs";
import { type GatewayGround, makeGround } from "./gateway-ground.ts";
import { startWorld, type WorldServer } from "./in-process-proxy.ts";

const PAGE_CLIENT = new URL("../../kit/page-client.mjs", import.meta.url).pathname;
const PAGE = "the world";

let ground: GatewayGround;
let inside: Namespace;
let world: WorldServer;
beforeEach(async () => {
  ground = await makeGround();
  inside = await makeNamespace();
  world = await startWorld((_request, response) => response.end(PAGE));
});
afterEach(async () => {
  await ground.remove();
  await inside.close();
  world.close();
});

/** Succeeds when the session gets the page. */
async function getPage(): Promise<void> {
  await runInNamespace(inside.process.pid, [
    PAGE_CLIENT,
    ...["absolute", String(world.port), String(PAGE.length), "1"],
  ]);
}

describe("a gateway without a session", () => {
  it("stays for a minute, is ended, and is started again for the next session", async () => {
    let nowMs = 0;
    const daemon = ground.daemon({ askMs: 20, monotonic: () => nowMs });
    const first = ground.request(inside, []);
    await daemon.open(first);
    const gateway = daemon.process!;
    nowMs += 3_600_000;
    await daemon.close(first.session);
    nowMs += 59_999;
    // Several looks later.
    for (let asked = 0; asked < 10; asked += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await daemon.list();
    }
    expect(daemon.process).toEqual(gateway);
    nowMs += 1;
    await until("the gateway's end", async () => !(await isAlive(gateway)));
    await until("the daemon knows", () => daemon.process === undefined);

    const second = ground.request(inside, [`127.0.0.1:${world.port}`]);
    expect(await daemon.open(second)).toBe(true);
    await getPage();
    // However long a session runs.
    nowMs += 3_600_000;
    await daemon.list();
    await getPage();
    expect(daemon.process?.pid).not.toBe(gateway.pid);
  });

  it("that ends at every moment costs no session its network", async () => {
    const daemon = ground.daemon({ askMs: 1, idleMs: 0 });
    const pids = new Set<number | undefined>();
    for (let round = 0; round < 12; round += 1) {
      const request = ground.request(inside, [`127.0.0.1:${world.port}`]);
      expect(await daemon.open(request)).toBe(true);
      await getPage();
      pids.add(daemon.process?.pid);
      expect(await daemon.close(request.session)).toEqual({ known: true, counted: 0, lost: 0, llm: null });
      // From before the end begins to after it.
      await new Promise((resolve) => setTimeout(resolve, round));
    }
    expect(pids.size).toBeGreaterThan(1);
    expect(world.connections()).toBe(12);
  });

  it("that has agreed to end opens no session", async () => {
    for (let round = 0; round < 5; round += 1) {
      await ground.daemon().list();
      const path = `${ground.directory}/gateway.sock`;
      const [one, other] = [
        await ControlConnection.open(GATEWAY_PROTOCOL, path, "0.1.0", 10_000),
        await ControlConnection.open(GATEWAY_PROTOCOL, path, "0.1.0", 10_000),
      ];
      const request = ground.request(inside, []);
      const [ended, opened] = await Promise.allSettled([
        one!.call("end", {}, 10_000),
        other!.call("open", request, 10_000),
      ]);
      expect([ended.status, opened.status].sort()).toEqual(["fulfilled", "rejected"]);
      if (opened.status === "rejected") {
        expect(opened.reason).toMatchObject({ code: "gateway_unavailable" });
        expect(existsSync(request.egress_path)).toBe(false);
        await until("the gateway's end", async () => !(await isAlive(one!.peer.process)));
      } else await other!.call("close", { session: request.session }, 10_000);
      one!.close();
      other!.close();
    }
  });
});

describe("a session whose network could not be opened again", () => {
  it("is told once to be lost, is tried until it is open, and told to be back", async () => {
    const changes: string[] = [];
    const daemon = ground.daemon({
      onSessionLost: (_session, error) => changes.push(`lost: ${(error as { code: string }).code}`),
      onSessionRestored: () => changes.push("restored"),
    });
    const request = ground.request(inside, [`127.0.0.1:${world.port}`]);
    await daemon.open(request);
    // The next gateway cannot write the log.
    await rename(request.egress_path, `${request.egress_path}.aside`);
    await mkdir(request.egress_path);
    process.kill(daemon.process!.pid, "SIGKILL");
    await until("the loss", () => changes.length > 0);
    await expect(getPage()).rejects.toThrow("ECONNREFUSED");
    await rmdir(request.egress_path);
    await rename(`${request.egress_path}.aside`, request.egress_path);
    await until("the return", () => changes.length > 1);
    expect(changes).toEqual(["lost: network_failed", "restored"]);
    await getPage();
  });

  it("is not tried once it is closed", async () => {
    const changes: string[] = [];
    const daemon = ground.daemon({
      onSessionLost: () => changes.push("lost"),
      onSessionRestored: () => changes.push("restored"),
    });
    const [request, other] = [ground.request(inside, []), await makeNamespace()];
    try {
      await daemon.open(request);
      await rm(request.egress_path);
      await mkdir(request.egress_path);
      process.kill(daemon.process!.pid, "SIGKILL");
      await until("the loss", () => changes.length > 0);
      await daemon.close(request.session);
      await rmdir(request.egress_path);
      const next = ground.request(other, []);
      await daemon.open(next);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect((await daemon.list()).sessions.map(({ session }) => session)).toEqual([next.session]);
      expect(changes).toEqual(["lost"]);
    } finally {
      await other.close();
    }
  });
});
