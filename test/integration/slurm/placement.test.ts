/** The reduced case of `npm run test:slurm`: one job on a real Slurm, from its submission to its end. */
import { execa } from "execa";
import { expect, it } from "vitest";
import { jobName } from "../../../src/placement/placement.ts";
import { CANARY, PlacedJobs } from "../../kit/placed-jobs.ts";

it("starts a job once, tells nothing about it, and takes it back", async () => {
  const jobs = await PlacedJobs.start();
  try {
    const placement = jobs.placement();
    const job = jobs.job({
      limits: { memoryBytes: 100_000_000, cpus: 1.5, timeMs: 90_000 },
    });
    const name = jobName(job);
    expect(await jobs.observe(placement, job)).toEqual({ at: "absent" });
    // Submitted twice, also at the same time, it is one job.
    expect(await Promise.all([placement.submit(job, jobs), placement.submit(job, jobs)])).toEqual([
      { name },
      { name },
    ]);
    expect(await jobs.count({ name })).toBe(1);

    await jobs.started(job);
    const given = await jobs.given(job);
    expect(given.args).toBe(
      `exec-one --head=127.0.0.1:7799 --fingerprint=${"ab".repeat(32)} --job=${name}\n`,
    );
    expect(given.input).toBe(`${job.claim.token}\n`);
    expect(given.environment).not.toContain(job.claim.token);
    expect(given.environment).toMatch(/^SLURM_EXPORT_ENV=NONE$/m);
    // Neither Slurm's state nor its spool and logs have any of the daemon's environment.
    const found = await execa("grep", ["-r", "-l", "-F", CANARY, jobs.slurm.directory], { reject: false });
    expect(found.stdout).toBe("");
    const shown = await jobs.slurm.run("scontrol", ["show", "job"]);
    expect(shown.stdout).toContain("Requeue=0");
    expect(shown.stdout).toContain("NumCPUs=2");
    expect(shown.stdout).toContain("MinMemoryNode=96M");
    expect(shown.stdout).toContain("TimeLimit=00:04:00");
    expect(shown.stdout).not.toContain(job.claim.token);

    const seen = await jobs.sees(placement, job, "running");
    expect(jobs.slurm.nodes).toContain(seen.at === "running" && seen.node);
    await placement.cancel({ name }, { graceMs: 60_000, signal: jobs.signal });
    expect(await jobs.happened(job)).toEqual([expect.stringMatching(/^start n[12]$/), "TERM"]);
    expect(await jobs.sees(placement, job, "ended")).toMatchObject({ engineState: "COMPLETED" });
    // Its name is taken for good: it does not run again.
    expect(await placement.submit(job, jobs)).toEqual({ name });
    expect(await jobs.count({ name })).toBe(1);
    await placement.cancel({ name }, { graceMs: 0, signal: jobs.signal });
  } finally {
    await jobs.close();
  }
});
