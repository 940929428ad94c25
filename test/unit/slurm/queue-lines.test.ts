import { describe, expect, it } from "vitest";
import { observationOf, readQueue } from "../../../src/slurm/queue-lines.ts";

const NAME = "agentd-0a1b2c3d-0000000000000001-1";

function seen(...states: readonly string[]) {
  return observationOf(
    readQueue(states.map((state, id) => `${id + 1}|${state}|n1|${NAME}|0:07|UNLIMITED|None`).join("\n")),
  );
}

describe("what squeue prints", () => {
  it("is read line by line, with any reason", () => {
    expect(readQueue(`12|PENDING||${NAME}|0:00|1-02:03:04|(a|b) c\n`)).toEqual([
      {
        ...{ id: "12", state: "PENDING", node: "", name: NAME, ranMs: 0 },
        ...{ leftMs: 93_784_000, reason: "(a|b) c" },
      },
    ]);
  });

  it("may have jobs of others in it, with any name", () => {
    const text = `7_[1-4]|PENDING||array|0:00|1:00|None\n8|RUNNING|n1|a|b|0:01|c|d\nnonsense\n9|RUNNING|n2|${NAME}|0:01|1:00|None`;
    expect(readQueue(text).map(({ id }) => id)).toEqual(["8", "9"]);
    expect(readQueue(text)[0]?.name).toBe("a");
  });

  it.each([
    ["PENDING", { at: "queued", reason: "None" }],
    ["CONFIGURING", { at: "queued", reason: "None" }],
    ["RUNNING", { at: "running", node: "n1" }],
    ["COMPLETED", { at: "ended", engineState: "COMPLETED", node: "n1" }],
    ["NODE_FAIL", { at: "ended", engineState: "NODE_FAIL", node: "n1" }],
    ["OUT_OF_MEMORY", { at: "ended", engineState: "OUT_OF_MEMORY", node: "n1" }],
  ])("means for %s", (state, observation) => {
    expect(seen(state)).toEqual(observation);
  });

  it("says why a job has ended, where Slurm does", () => {
    const [line] = readQueue(`1|FAILED||${NAME}|0:00|UNLIMITED|BadConstraints`);
    expect(observationOf(line === undefined ? [] : [line])).toEqual({
      ...{ at: "ended", engineState: "FAILED", reason: "BadConstraints" },
    });
  });

  it.each([
    ["CANCELLED", "UNLIMITED", "None", "its job was cancelled in Slurm"],
    // What is not over has no other state than that.
    ["COMPLETING", "UNLIMITED", "None", "its job was cancelled in Slurm"],
    ["COMPLETING", "INVALID", "TimeLimit", "its job has reached its time limit in Slurm"],
    ["TIMEOUT", "INVALID", "TimeLimit", "its job has reached its time limit in Slurm"],
    ["RUNNING", "0:58", "None", "its job has reached its time limit in Slurm"],
    ["PREEMPTED", "5:00", "None", "its job was preempted in Slurm"],
  ])(
    "says that somebody has ordered the end of a job, or a limit: %s, %s left, %s",
    (state, left, reason, why) => {
      const seen = observationOf(readQueue(`1|${state}|n1|${NAME}|1:07|${left}|${reason}`));
      expect(seen).toMatchObject({ ending: { why, ranMs: 67_000 } });
    },
  );

  it.each([
    ["RUNNING", "0:07", "5:00", "None"],
    ["RUNNING", "0:07", "UNLIMITED", "None"],
    ["COMPLETING", "0:07", "UNLIMITED", "NodeDown"],
    ["NODE_FAIL", "0:07", "UNLIMITED", "NodeDown"],
    ["FAILED", "0:07", "UNLIMITED", "NonZeroExitCode"],
    ["PENDING", "0:00", "UNLIMITED", "BeginTime"],
    ["CANCELLED", "INVALID", "UNLIMITED", "None"],
  ])("says nothing of an order: %s after %s, %s left, %s", (state, ran, left, reason) => {
    const seen = observationOf(readQueue(`1|${state}|n1|${NAME}|${ran}|${left}|${reason}`));
    expect(seen).not.toHaveProperty("ending");
  });

  it("is unknown in a word that a later Slurm may have", () => {
    expect(seen("LEVITATING")).toMatchObject({ at: "unknown" });
  });

  it("has what may live first, where Slurm has lost a job and was given it again", () => {
    expect(seen("CANCELLED", "RUNNING", "FAILED")).toEqual({ at: "running", node: "n1" });
    expect(seen("CANCELLED", "COMPLETED")).toMatchObject({ at: "ended", engineState: "COMPLETED" });
    expect(observationOf([])).toEqual({ at: "absent" });
  });
});
