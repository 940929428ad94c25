/** Sessions on the nodes of a real Slurm, with agentd and Podman on each, from `agentd run` to the verified record. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CREDENTIAL, PlacedHost } from "../kit/placed-host.ts";

let host: PlacedHost;

beforeAll(async () => {
  host = await PlacedHost.start();
  await host.configure();
  await host.startDaemon();
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(await host.story());
});

afterAll(async () => {
  await host.close();
});

describe("a session on a node", () => {
  it("runs, is followed, and leaves a record that proves where it was", async () => {
    const id = await host.run("echo begun; echo $KEY; while ! [ -e .runa/go ]; do sleep 0.1; done; exit 4");
    await host.prints(id, "begun");
    const running = await host.show(id);
    expect(running).toMatchObject({ state: "running", outcome: null });
    await host.sandbox.run(["stop", id]);
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({ outcome: "cancelled" });
    expect(await readdir(shown.record)).toContain("node");
    const { stdout } = await host.sandbox.run(["audit", "verify", id]);
    expect(stdout.toString()).toContain("verified");
    const log = await readFile(join(shown.record, "agentd", "console.log"), "utf8");
    expect(log).not.toContain(CREDENTIAL);
    expect(shown.placement).toMatchObject({ engine: "slurm", cluster: "agentd" });
    const left = await execa("grep", ["-rlsI", "-F", CREDENTIAL, host.slurm.directory, shown.record], {
      reject: false,
    });
    expect(left.stdout).toBe("");
  });
});
