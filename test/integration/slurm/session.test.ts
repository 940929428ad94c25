/** The reduced case of `npm run test:slurm`: one session on a node, from `agentd run` to its verified record. */
import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { PlacedHost } from "../../kit/placed-host.ts";

it("runs a session on a node, and verifies what comes from there", async () => {
  const host = await PlacedHost.start();
  try {
    await host.configure();
    await host.startDaemon();
    const { stdout, exitCode } = await host.sandbox.run(["run", "placed", "--request", "echo begun; exit 3"]);
    expect(stdout.toString()).toContain("begun");
    expect(exitCode).toBe(0);
    const [shown] = (await host.sandbox.runJson(["ps", "-a", "--json"])) as [
      { session_id: string; outcome: string; record: string; placement: { node: string } },
    ];
    expect(shown).toMatchObject({ outcome: "blocked", placement: { engine: "slurm", cluster: "agentd" } });
    expect(await readdir(shown.record)).toContain("node");
    const verified = await host.sandbox.run(["audit", "verify", shown.session_id]);
    expect(verified.exitCode).toBe(0);
    const listed = (await host.sandbox.runJson(["nodes", "--json"])) as {
      engine: string;
      nodes: { name: string; state: string; last_session: string | null }[];
    };
    expect(listed.nodes.map(({ name }) => name)).toEqual(["n1", "n2"]);
    const there = listed.nodes.find(({ name }) => name === shown.placement.node);
    expect(there).toMatchObject({ last_session: shown.session_id, last_outcome: "blocked", sessions: 0 });
    const doctor = (await host.sandbox.runJson([
      ...["doctor", "--json", "--head", host.address, "--node-directory", host.nodesDirectory],
    ])) as { checks: { name: string; status: string }[] };
    expect(doctor.checks.find(({ name }) => name === "head")).toMatchObject({ status: "ok" });
    expect(doctor.checks.find(({ name }) => name === "node_directory")).toMatchObject({ status: "ok" });
  } finally {
    await host.close();
  }
});
