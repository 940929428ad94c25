import { homedir, userInfo } from "node:os";
import { env, getuid } from "node:process";
import { describe, expect, it } from "vitest";
import { gatewayChecks } from "../../../src/cli/doctor/gateway-checks.ts";
import { createGround } from "../../../src/cli/doctor/ground.ts";
import { runChecks } from "../../../src/cli/doctor/run-checks.ts";

async function results(needsGateway: boolean, podmanSocket?: string, mark = "/nowhere") {
  const host = { env, uid: getuid?.() ?? 0, home: homedir() };
  const ground = await createGround({ host, user: userInfo().username, now: Date.now });
  return runChecks(gatewayChecks(ground, { needsGateway, podmanSocket }, mark));
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

  it("finds that they cannot be entered from a container beside Podman, but from one with its own", async () => {
    const statusIn = async (...place: [string?, string?]) =>
      (await results(true, ...place)).find(({ name }) => name === "session_networks")?.status;
    expect(await statusIn("/run/podman.sock", "/")).toBe("failure");
    expect(await statusIn(undefined, "/")).toBe("ok");
    expect(await statusIn("/run/podman.sock")).toBe("ok");
  });

  it("checks nothing where no profile has one", async () => {
    expect(await results(false)).toEqual([]);
  });
});
