/** How Slurm ends jobs, and what becomes of their sessions: ended by somebody's order or a limit, they end; else they go on. */
import { cp, rename } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type PlacedHost, WAITS } from "../kit/placed-host.ts";
import { processesWith, sendSignal } from "../kit/processes.mjs";
import { until } from "../kit/until.mjs";
import { onPlacedHost } from "./on-placed-host.ts";

/** Bounds how long a hang lasts. */
const LONGEST_MS = 240_000;

let host: PlacedHost;

onPlacedHost((started) => (host = started), { settings: ["MessageTimeout=2", "SlurmdTimeout=10"] });

afterEach(() => host.slurm.resumeNodes());

/** A session whose command runs, and Slurm's number of its job. */
async function running(): Promise<{ id: string; job: string }> {
  const id = await host.run(WAITS);
  await host.prints(id, "begun");
  return { id, job: await host.jobOf(id) };
}

async function ended(id: string, cause: string): Promise<void> {
  const shown = await host.sealed(id);
  expect(shown).toMatchObject({ outcome: "cancelled", cause });
  expect(shown.placement).not.toBeNull();
  expect(await host.printed(id)).toBe("begun");
  await host.verified(id);
}

async function state(job: string): Promise<string> {
  const { stdout } = await host.slurm.run("squeue", [
    ...["--states=all", "--noheader", `--jobs=${job}`, "--format=%T"],
  ]);
  return stdout;
}

/** The node of a session whose job runs. */
async function nodeOf(id: string): Promise<string> {
  const node = (await host.jobsOf(id))[0]?.split(" ")[2] ?? "";
  expect(host.slurm.nodes).toContain(node);
  return node;
}

describe("a session on a node", () => {
  it("ends in order when its job is cancelled by hand", async () => {
    const { id, job } = await running();
    await host.slurm.run("scancel", [job]);
    await ended(id, "its job was cancelled in Slurm");
  });

  it("ends when its job was cancelled while the head was away", async () => {
    const { id, job } = await running();
    await host.killChannel();
    await host.slurm.run("scancel", [job]);
    await until("the end of the job", async () => (await state(job)) === "CANCELLED");
    await host.startDaemon();
    await ended(id, "its job was cancelled in Slurm");
  });

  it("ends when its job has no time left", async () => {
    const { id, job } = await running();
    await host.slurm.control("update", `jobid=${job}`, "timelimit=1");
    await ended(id, "its job has reached its time limit in Slurm");
  });

  it("is timed out by its own limit, which comes before that of its job", async () => {
    const id = await host.run(WAITS, ["--timeout", "8s"]);
    await host.prints(id, "begun");
    const { stdout } = await host.slurm.run("scontrol", ["show", "job", await host.jobOf(id)]);
    // An hour to prepare, the timeout, and some minutes.
    expect(stdout).toMatch(/TimeLimit=01:0\d:00/);
    expect(await host.sealed(id)).toMatchObject({ outcome: "timed_out", placement: { engine: "slurm" } });
    await host.verified(id);
  });

  it("goes on when its runner is told to end and nobody wants it", async () => {
    const { id } = await running();
    for (const pid of await host.runnersOf(id)) sendSignal(pid, "SIGTERM");
    await until("the question to the head", async () => (await host.story()).includes("asking the head"));
    await host.letGo(id);
    await host.ranOnce(id);
    expect(await host.jobsOf(id)).toHaveLength(1);
  });

  it("runs once when its job is put back by force", async () => {
    const { id, job } = await running();
    expect((await host.slurm.run("scontrol", ["requeue", job])).exitCode).not.toBe(0);
    // Its owner may undo what it was submitted with.
    await host.slurm.control("update", `jobid=${job}`, "requeue=1");
    await host.slurm.control("requeue", job);
    await until("the job put back", async () => (await state(job)) === "PENDING");
    // Slurm would wait for two minutes before it starts another runner.
    await host.slurm.control("update", `jobid=${job}`, "starttime=now");
    await until("the next runner", async () => (await host.jobsOf(id)).length === 2);
    await host.letGo(id);
    await host.ranOnce(id);
  });

  it(
    "runs once when a controller that has lost its memory starts its job again, and ends it",
    async () => {
      await host.slurm.control("update", "nodename=n1,n2", "state=drain", "reason=repair");
      const id = await host.run(WAITS);
      const job = await until("a job in the queue", async () => (await host.jobsOf(id))[0]?.split(" ")[0]);
      const { stateDirectory } = host.slurm;
      await host.slurm.saved(job);
      await host.slurm.killController();
      await cp(stateDirectory, `${stateDirectory}.before`, { recursive: true });
      await host.slurm.startController();
      expect(await host.jobOf(id)).toBe(job);
      await host.slurm.resumeNodes();
      await host.prints(id, "begun");
      // What holds the job on its node is slow: the controller's first order to kill does not come through.
      await host.slurm.killController();
      await rename(stateDirectory, `${stateDirectory}.lost`);
      await rename(`${stateDirectory}.before`, stateDirectory);
      const holders = await processesWith("slurmstepd", `[${job}.`);
      expect(holders).not.toEqual([]);
      for (const pid of holders) sendSignal(pid, "SIGSTOP");
      await host.slurm.startController();
      try {
        await until("the second start of the job, and its end", async () => {
          await host.slurm.resumeNodes();
          return ["COMPLETING", "CANCELLED"].includes(await state(job));
        });
      } finally {
        for (const pid of holders) sendSignal(pid, "SIGCONT");
      }
      await host.letGo(id);
      await host.ranOnce(id);
      expect((await host.jobsOf(id))[0]).toContain("CANCELLED");
    },
    LONGEST_MS,
  );

  it(
    "goes on while slurmctld is away for longer than SlurmdTimeout",
    async () => {
      const { id, job } = await running();
      await host.slurm.saved(job);
      await host.slurm.killController();
      // Slurm's own clock: nothing else says that the time has passed.
      await delay(15_000);
      await host.slurm.startController();
      expect(await host.show(id)).toMatchObject({ state: "running" });
      await host.letGo(id);
      await host.ranOnce(id);
    },
    LONGEST_MS,
  );

  it(
    "goes on when its node is lost to Slurm",
    async () => {
      const { id, job } = await running();
      const node = await nodeOf(id);
      await host.slurm.killNode(node);
      await until("the loss of the node", async () => (await state(job)) === "NODE_FAIL");
      expect(await host.show(id)).toMatchObject({ state: "running" });
      await host.letGo(id);
      await host.ranOnce(id);
      host.slurm.startNode(node);
      await host.slurm.ready();
    },
    LONGEST_MS,
  );

  it(
    "goes on when its node is lost with its runner, once that node is back",
    async () => {
      const { id } = await running();
      const node = await nodeOf(id);
      await host.slurm.killNode(node);
      await host.killRunners(id);
      await host.letGo(id);
      await until("a job for that node", async () => (await host.jobsOf(id)).length > 1);
      expect(await host.show(id)).toMatchObject({ outcome: null });
      host.slurm.startNode(node);
      const shown = await host.ranOnce(id);
      expect(shown.placement).toMatchObject({ node });
      await host.slurm.ready();
    },
    LONGEST_MS,
  );

  it("goes on when its node is drained, and others go elsewhere", async () => {
    const { id } = await running();
    const node = await nodeOf(id);
    await host.slurm.control("update", `nodename=${node}`, "state=drain", "reason=repair");
    const other = await host.run("echo begun; echo ended");
    const shown = await until("the end of the other", async () => {
      const now = await host.show(other);
      return now.state === "sealed" && now;
    });
    expect(shown.placement?.["node"]).not.toBe(node);
    await host.letGo(id);
    const first = await until("its seal", async () => {
      const now = await host.show(id);
      return now.state === "sealed" && now;
    });
    expect(first).toMatchObject({ outcome: "success", placement: { node } });
    await host.slurm.resumeNodes();
  });

  it("is interrupted when everything of it on its node is killed, and its runtime directory has gone", async () => {
    const { id } = await running();
    const node = await nodeOf(id);
    // As far as it goes without a machine: only the boot id stays.
    await host.slurm.killNode(node);
    for (const pid of await processesWith(id)) sendSignal(pid, "SIGKILL");
    await host.removeRuntimeOf(id);
    host.slurm.startNode(node);
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({ outcome: "interrupted", placement: { node } });
    expect(await host.printed(id)).toBe("begun");
    await host.verified(id);
    await host.slurm.ready();
  });

  it("is interrupted when its node comes back in another boot", async () => {
    const { id } = await running();
    await host.killChannel();
    // A machine is not started anew here: what the head has written down is of an earlier boot.
    await host.changePlaced(id, (kept) => {
      const claim = kept["claim"] as Record<string, string>;
      return { ...kept, claim: { ...claim, bootId: "00000000-0000-4000-8000-000000000000" } };
    });
    await host.killRunners(id);
    await host.startDaemon();
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({
      outcome: "interrupted",
      cause: expect.stringContaining("its node was started anew while it ran") as string,
    });
    await host.verified(id);
  });
});
