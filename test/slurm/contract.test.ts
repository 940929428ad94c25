/** What `src/placement/placement.ts` promises, on a real Slurm that is drained, held, killed and told to lose things. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decidePlaced } from "../../src/placement/decide-placed.ts";
import { jobName } from "../../src/placement/placement.ts";
import { SlurmPrograms } from "../../src/slurm/slurm-programs.ts";
import { PlacedJobs } from "../kit/placed-jobs.ts";
import { until } from "../kit/until.mjs";

const CLAIMED = { bootId: "b1", laterBootId: undefined, isConnected: false };
const ATTEMPTS = { submitted: 1, failed: 0, isGivenUp: false };

let jobs: PlacedJobs;

beforeAll(async () => {
  // A client of Slurm gives up soon.
  jobs = await PlacedJobs.start(["MessageTimeout=2"]);
});

afterAll(async () => {
  await jobs.close();
});

describe("a job on Slurm", () => {
  it("waits for a drained node with the reason, and is seen beside others in one look", async () => {
    const placement = jobs.placement();
    const [running, waiting, never] = [jobs.job(), jobs.job(), jobs.job()];
    await placement.submit(running, jobs);
    await jobs.started(running);
    await jobs.slurm.control("update", "nodename=n1,n2", "state=drain", "reason=repair");
    await placement.submit(waiting, jobs);
    await jobs.sees(placement, waiting, "queued");
    const names = [running, waiting, never].map((job) => ({ name: jobName(job) }));
    const seen = await placement.observe(names, jobs);
    expect([...seen.values()]).toEqual([
      { at: "running", node: expect.stringMatching(/^n[12]$/) as string },
      { at: "queued", reason: expect.stringMatching(/./) as string },
      { at: "absent" },
    ]);
    // What runs there goes on.
    await jobs.finish(running);
    expect(await jobs.sees(placement, running, "ended")).toMatchObject({ engineState: "COMPLETED" });
    await jobs.slurm.control("update", "nodename=n1,n2", "state=resume");
    await jobs.started(waiting);
    await jobs.finish(waiting);
    await jobs.sees(placement, waiting, "ended");
  });

  it("goes to the node that it is for, and is told so when it resumes", async () => {
    const placement = jobs.placement();
    for (const node of ["n2", "n1"]) {
      const job = jobs.job({ node, isResume: true, attempt: 2 });
      await placement.submit(job, jobs);
      await jobs.started(job);
      expect(await jobs.happened(job)).toEqual([`start ${node}`]);
      expect((await jobs.given(job)).args).toContain("--resume");
      await jobs.finish(job);
    }
  });

  it("is taken back before it starts", async () => {
    const placement = jobs.placement({ extraArgs: ["--begin=now+1hour"] });
    const job = jobs.job();
    const ref = await placement.submit(job, jobs);
    expect(await jobs.sees(placement, job, "queued")).toMatchObject({ reason: "BeginTime" });
    await placement.cancel(ref, { graceMs: 60_000, signal: jobs.signal });
    expect(await jobs.sees(placement, job, "ended")).toMatchObject({ engineState: "CANCELLED" });
    expect(await jobs.happened(job)).toEqual([]);
  });

  it("is killed when it does not end within its grace", async () => {
    const placement = jobs.placement();
    const job = jobs.job();
    await jobs.makeStubborn(job);
    const ref = await placement.submit(job, jobs);
    await jobs.started(job);
    await jobs.sees(placement, job, "running");
    await placement.cancel(ref, { graceMs: 2_000, signal: jobs.signal });
    const ended = await jobs.sees(placement, job, "ended");
    expect(ended).toMatchObject({ engineState: "CANCELLED" });
    expect((await jobs.happened(job)).slice(0, 2)).toEqual([expect.stringContaining("start"), "TERM"]);
    expect(await jobs.happened(job)).not.toContain("end");
    // Nothing is left to take back.
    await placement.cancel(ref, { graceMs: 0, signal: jobs.signal });
    await placement.cancel({ name: jobName(jobs.job()) }, { graceMs: 0, signal: jobs.signal });
  });

  it("is told to end before its time is up", async () => {
    const placement = jobs.placement();
    const job = jobs.job();
    await placement.submit(job, jobs);
    await jobs.started(job);
    await jobs.slurm.control("update", `jobid=${await jobs.idOf(job)}`, "timelimit=1");
    await jobs.sees(placement, job, "ended");
    expect(await jobs.happened(job)).toEqual([expect.stringContaining("start"), "TERM"]);
  });

  it("is refused with Slurm's words", async () => {
    const placement = jobs.placement({ partition: "nonsense" });
    await expect(placement.submit(jobs.job(), jobs)).rejects.toMatchObject({
      code: "placement_refused",
      why: expect.stringContaining("Invalid partition name specified") as string,
    });
    const missing = jobs.placement({ programs: new SlurmPrograms({ PATH: "/nowhere" }) });
    await expect(missing.submit(jobs.job(), jobs)).rejects.toMatchObject({ code: "placement_unknown" });
  });

  it("runs once although sbatch says that it has failed", async () => {
    const job = jobs.job();
    // The controller is held while sbatch runs, and takes its request afterwards.
    const placement = jobs.placement({}, await sbatchWhileHeld());
    const submitted = await placement.submit(job, jobs).then(
      () => "found",
      (error: unknown) => error,
    );
    if (submitted !== "found") expect(submitted).toMatchObject({ code: "placement_unknown" });
    await jobs.started(job);
    expect(await placement.submit(job, jobs)).toEqual({ name: jobName(job) });
    expect(await jobs.count({ name: jobName(job) })).toBe(1);
    await jobs.finish(job);
    await jobs.sees(placement, job, "ended");
    expect(await jobs.happened(job)).toEqual([expect.stringContaining("start"), "end"]);
  });

  it("is unknown while the controller is away, which ends nothing", async () => {
    const placement = jobs.placement();
    const [running, later] = [jobs.job(), jobs.job()];
    const ref = await placement.submit(running, jobs);
    await jobs.started(running);
    await jobs.sees(placement, running, "running");
    await jobs.slurm.saved(await jobs.idOf(running));
    await jobs.slurm.killController();
    expect(await jobs.observe(placement, running)).toMatchObject({
      at: "unknown",
      why: expect.stringMatching(/unable to contact/i) as string,
    });
    await expect(placement.submit(later, jobs)).rejects.toMatchObject({ code: "placement_unknown" });
    await expect(placement.cancel(ref, { graceMs: 0, signal: jobs.signal })).rejects.toMatchObject({
      code: "placement_unknown",
    });
    await jobs.slurm.startController();
    await jobs.finish(running);
    await until("the end of the runner", async () => (await jobs.happened(running)).length === 2);
    expect(await jobs.happened(running)).toEqual([expect.stringContaining("start"), "end"]);
    // Slurm may call it PENDING, then CANCELLED; what counts is the record that comes from the node.
    const seen = await jobs.observe(placement, running);
    expect(seen.at).not.toBe("unknown");
    expect(decidePlaced(CLAIMED, seen, true, ATTEMPTS)).toBe("seal");
    await placement.cancel(ref, { graceMs: 0, signal: jobs.signal });
    await placement.submit(later, jobs);
    await jobs.started(later);
    expect(await jobs.count({ name: jobName(later) })).toBe(1);
    await jobs.finish(later);
  });

  it("has no variable of the daemon, where another's job has all of them", async () => {
    const variables = { ...jobs.slurm.variables, PROVIDER_KEY: "canary-of-another-7d2e" };
    const args = ["--export=ALL", "--begin=now+1hour", "--output=/dev/null"];
    await execa("sbatch", args, { env: variables, extendEnv: false, input: "#!/bin/sh\n" });
    const { stdout } = await execa("grep", [
      ...["-r", "-l", "-F", "canary-of-another-7d2e"],
      jobs.slurm.stateDirectory,
    ]);
    expect(stdout).toContain("environment");
  });
});

/** A directory with an sbatch that holds the controller meanwhile. */
async function sbatchWhileHeld(): Promise<string> {
  const directory = join(jobs.slurm.directory, "held");
  await mkdir(directory);
  const { stdout: sbatch } = await execa("sh", ["-c", "command -v sbatch"]);
  const script = [
    "#!/bin/sh",
    `kill -STOP ${jobs.slurm.controllerPid}`,
    `${sbatch} "$@"`,
    "code=$?",
    `kill -CONT ${jobs.slurm.controllerPid}`,
    "exit $code",
    "",
  ];
  await writeFile(join(directory, "sbatch"), script.join("\n"));
  await chmod(join(directory, "sbatch"), 0o755);
  return directory;
}
