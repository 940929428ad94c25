/** Sessions on the nodes of a real Slurm, with agentd and Podman on each, from `agentd run` to the verified record. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { type GitServer, startGitServer } from "../kit/git-server.mjs";
import { CREDENTIAL, type PlacedHost, WAITS } from "../kit/placed-host.ts";
import { until } from "../kit/until.mjs";
import { makeSite, onPlacedHost } from "./on-placed-host.ts";

let host: PlacedHost;
let server: GitServer;

// After the host has closed: what is last here is first at the end.
afterAll(() => server.close());

onPlacedHost((started) => (host = started), {
  prepare: async ({ slurm }) => {
    server = await startGitServer(await makeSite(slurm.directory));
  },
});

describe("a session on a node", () => {
  it("is followed while it runs, and leaves its work and a record that proves where it was", async () => {
    await host.configure({ workspace: "clone", repo: `${server.url}/site.git`, network: "none" });
    await host.sandbox.run(["reload"]);
    const script = `echo begun; echo $KEY; echo done >made.txt; echo kept >.runa/note; until [ -e .runa/go ]; do sleep 0.1; done; exit 4`;
    const id = await host.run(script);
    await host.prints(id, "begun");
    // What it prints comes before the next look at it.
    await until("its state", async () => (await host.show(id)).state === "running");
    await host.letGo(id);
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({
      ...{ outcome: "nothing_ready", exit_code: 4 },
      placement: {
        ...{ engine: "slurm", cluster: "agentd", job_id: expect.stringMatching(/^\d+$/) as string },
        ...{
          node: expect.stringMatching(/^n[12]$/) as string,
          boot_id: expect.stringMatching(/-/) as string,
        },
        node_key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        node_statement: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    });
    expect(await readFile(join(shown.record, "runa", "note"), "utf8")).toBe("kept\n");
    expect(await readFile(join(shown.record, "work", "changes.patch"), "utf8")).toContain("+done");
    expect(await host.printed(id)).toBe("begun\n[KEY]");
    const claims = await readFile(join(shown.record, "agentd", "claims.jsonl"), "utf8");
    expect(JSON.parse(claims)).toMatchObject({ event: "claimed", node: shown.placement?.["node"] });
    await host.verified(id);
    // The statement that the head has signed names the node's.
    const bundle = JSON.parse(await readFile(join(shown.record, "attestation.sigstore.json"), "utf8")) as {
      dsseEnvelope: { payload: string };
    };
    const statement = Buffer.from(bundle.dsseEnvelope.payload, "base64").toString();
    expect(statement).toContain(shown.placement?.["node_statement"]);
    // Neither on the node nor on the head is a value of a credential, but where the operator has put it.
    const places = [host.slurm.directory, join(host.sandbox.directory, "state"), shown.record];
    const found = await execa("grep", ["-rlsI", "-F", CREDENTIAL, ...places], { reject: false });
    expect(found.stdout).toBe("");
    await host.configure();
    await host.sandbox.run(["reload"]);
  });

  it("goes on without its daemon, and under the next one", async () => {
    const id = await host.run(WAITS);
    await host.prints(id, "begun");
    await host.daemon.kill();
    await host.letGo(id);
    await until("the end of the runner", async () => (await host.runnersOf(id)).length === 0);
    await host.startDaemon();
    await host.ranOnce(id);
  });

  it("is placed once although the daemon dies while its job waits", async () => {
    await host.slurm.control("update", "nodename=n1,n2", "state=drain", "reason=repair");
    const id = await host.run("echo begun; echo ended");
    const waits = async (): Promise<boolean> => /in the queue/.test((await host.show(id)).reason ?? "");
    await until("a job in the queue", waits);
    expect(await host.show(id)).toMatchObject({ state: "preparing", start_timestamp: null });
    await host.daemon.kill();
    await host.startDaemon();
    await until("a job in the queue", waits);
    await host.slurm.resumeNodes();
    await host.ranOnce(id);
    const jobs = await host.slurm.run("squeue", ["--states=all", "--noheader", "--format=%j"]);
    expect(jobs.stdout.split("\n").filter((name) => name.includes(id))).toHaveLength(1);
  });

  it("is taken back while its job waits", async () => {
    await host.slurm.control("update", "nodename=n1,n2", "state=drain", "reason=repair");
    const id = await host.run(WAITS);
    await until("a job in the queue", async () => /in the queue/.test((await host.show(id)).reason ?? ""));
    await host.sandbox.run(["stop", id]);
    const shown = await until("its seal", async () => {
      const now = await host.show(id);
      return now.state === "sealed" && now;
    });
    expect(shown).toMatchObject({ outcome: "cancelled", start_timestamp: null, placement: null });
    await host.slurm.resumeNodes();
    const jobs = await host.slurm.run("squeue", ["--states=all", "--noheader", "--format=%j %T"]);
    expect(jobs.stdout).toContain(`${id}-1 CANCELLED`);
    await host.verified(id);
  });

  it("is stopped on its node", async () => {
    const id = await host.run(WAITS);
    await until("its state", async () => (await host.show(id)).state === "running");
    await host.sandbox.run(["stop", id]);
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({ outcome: "cancelled", cause: "stopped by the operator" });
    expect(shown.placement).not.toBeNull();
    await host.verified(id);
  });

  it("was on its node also when it is stopped before the head looks again", async () => {
    const id = await host.run(WAITS);
    await host.prints(id, "begun");
    await host.sandbox.run(["stop", id]);
    const shown = await host.sealed(id);
    expect(shown.outcome).toBe("cancelled");
    expect(shown.placement).not.toBeNull();
    await host.verified(id);
  });

  it("goes on when its runner is killed, by another on that node", async () => {
    const id = await host.run(WAITS);
    await host.prints(id, "begun");
    await host.killRunners(id);
    await until("the end of the runner", async () => (await host.runnersOf(id)).length === 0);
    await until("a resume", async () => (await host.runnersOf(id)).length > 0);
    await host.letGo(id);
    await host.ranOnce(id);
  });

  it("is not what its record says when that was changed on the node", async () => {
    const id = await host.run(WAITS);
    await host.prints(id, "begun");
    // While the head is away, the record waits on the node.
    await host.killChannel();
    await host.letGo(id);
    const [state] = (await host.leftOnNodes()).filter((path) => path.endsWith(id));
    const record = join(state ?? "", "records", "placed", id);
    await until("the seal on the node", async () => (await readdir(record)).includes("SHA256SUMS"));
    await until("the whole seal", async () =>
      /"outcome": "success"/.test(await readFile(join(record, "agentd", "session.json"), "utf8")),
    );
    await execa("sed", ["-i", "s/begun/forged/", join(record, "agentd", "console.log")]);
    await host.startDaemon();
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({
      outcome: "interrupted",
      cause: expect.stringContaining(
        "the record of its node was refused: agentd/console.log: altered",
      ) as string,
      placement: null,
    });
    expect(await readdir(shown.record)).not.toContain("node");
    await host.verified(id);
  });
});
