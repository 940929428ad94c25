import { homedir, userInfo } from "node:os";
import { env, getuid } from "node:process";
import { describe, expect, it } from "vitest";
import { gatewayChecks } from "../../../src/cli/doctor/gateway-checks.ts";
import { createGround } from "../../../src/cli/doctor/ground.ts";
import { runChecks } from "../../../src/cli/doctor/run-checks.ts";

async function results(needsGateway: boolean, path = env["PATH"]) {
  const host = { env: { ...env, PATH: path }, uid: getuid?.() ?? 0, home: homedir() };
  const ground = await createGround({ host, user: userInfo().username, now: Date.now });
  return runChecks(gatewayChecks(ground, { needsGateway }));
}

describe("doctor, for sessions with an allowlist", () => {
  it("finds nsenter, and that a network in Podman's user namespace can be entered", async () => {
    expect(await results(true)).toEqual([
      expect.objectContaining({
        name: "nsenter",
        status: "ok",
        summary: expect.stringContaining("util-linux"),
      }),
      expect.objectContaining({ name: "session_networks", status: "ok" }),
    ]);
  });

  it("checks nothing where no profile has one", async () => {
    expect(await results(false)).toEqual([]);
  });
});
