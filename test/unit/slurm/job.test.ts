import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { PlacedJob } from "../../../src/placement/placement.ts";
import { jobScript } from "../../../src/slurm/job-script.ts";
import { sbatchOptions } from "../../../src/slurm/sbatch-options.ts";

const MIB = 1024 * 1024;
const CLAIM = {
  address: "[2001:db8::1]:7799",
  fingerprint: "0123456789abcdef".repeat(4),
  token: "Zm9vYmFyYmF6cXV4_-0123",
};
const JOB: PlacedJob = {
  head: "0a1b2c3d",
  sessionId: "0000000000000001",
  attempt: 3,
  node: undefined,
  isResume: false,
  claim: CLAIM,
  limits: { memoryBytes: undefined, cpus: undefined, timeMs: undefined },
};
const SETTINGS = { partition: undefined, extraArgs: [] };

describe("the script of a job", () => {
  it("starts agentd with where the head is, and the token on its input alone", async () => {
    const script = jobScript({ ...JOB, isResume: true }).replace("exec agentd", "exec printf '%s\\n'");
    const { stdout } = await execa("sh", {
      input: script,
      extendEnv: false,
      env: { PATH: "/usr/bin:/bin" },
    });
    expect(stdout.split("\n")).toEqual([
      "exec-one",
      "--head=[2001:db8::1]:7799",
      `--fingerprint=${CLAIM.fingerprint}`,
      "--job=agentd-0a1b2c3d-0000000000000001-3",
      "--resume",
    ]);
    expect(script.split("\n").filter((line) => line.includes(CLAIM.token))).toEqual([CLAIM.token]);
  });

  it.each([
    ["address", { ...CLAIM, address: "head:1$(id)" }],
    ["address", { ...CLAIM, address: "head" }],
    ["fingerprint", { ...CLAIM, fingerprint: "'; id; '" }],
    ["token", { ...CLAIM, token: "CLAIM\nid\n0123456789012345678901" }],
  ])("is not made of a hostile %s", (what, claim) => {
    expect(() => jobScript({ ...JOB, claim })).toThrow(`the ${what} of a job has a form`);
  });
});

describe("what sbatch is told", () => {
  it("rounds limits up, and asks for nothing where there is none", () => {
    expect(sbatchOptions(JOB, SETTINGS).join(" ")).not.toMatch(/--(?:mem|cpus|time|nodelist|partition)/);
    const limits = { memoryBytes: 100 * MIB + 1, cpus: 1.5, timeMs: 61_000 };
    const told = sbatchOptions({ ...JOB, limits, node: "n7.rack-2" }, { ...SETTINGS, partition: "long" });
    expect(told).toEqual(
      expect.arrayContaining([
        ...["--mem=101M", "--cpus-per-task=2", "--time=4", "--nodelist=n7.rack-2", "--partition=long"],
      ]),
    );
  });

  it("has the operator's options first, so that they weaken nothing", () => {
    const told = sbatchOptions(JOB, { ...SETTINGS, extraArgs: ["--export=ALL", "--requeue"] });
    expect(told.indexOf("--export=NONE")).toBeGreaterThan(told.indexOf("--export=ALL"));
    expect(told.indexOf("--no-requeue")).toBeGreaterThan(told.indexOf("--requeue"));
  });

  it("takes no pattern for a node", () => {
    expect(() => sbatchOptions({ ...JOB, node: "n[1-9]" }, SETTINGS)).toThrow("is no name of a node");
  });
});
