import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { gatewayStatus } from "../../../src/daemon/gateway-status.ts";
import { killGateway } from "../../../src/gateway/client/gateway-process.ts";
import { makeGround, startContainer } from "./gateway-ground.ts";

it("tells the gateway's process and sessions, starts none, and is null once it has ended", async () => {
  const ground = await makeGround();
  const inside = await startContainer();
  try {
    const gateway = ground.daemon();
    expect(await gatewayStatus(gateway)).toBeNull();
    expect(existsSync(join(ground.directory, "gateway.json"))).toBe(false);
    const request = ground.request(inside, []);
    await gateway.open(request);
    const status = await gatewayStatus(gateway);
    expect(status).toMatchObject({ pid: gateway.process?.pid, sessions: 1 });
    expect(status?.memory_bytes).toBeGreaterThan(1024 ** 2);
    await gateway.close(request.session);
    expect(await gatewayStatus(gateway)).toMatchObject({ sessions: 0 });
    const { process } = gateway;
    if (process === undefined) throw new Error("the gateway does not run");
    const gone = { process, list: () => Promise.reject(new Error("it has ended")) };
    await killGateway(process);
    expect(await gatewayStatus(gone)).toBeNull();
  } finally {
    await inside.remove();
    await ground.remove();
  }
});
