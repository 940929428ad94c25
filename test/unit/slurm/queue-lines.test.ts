import { describe, expect, it } from "vitest";
import { observationOf, readQueue } from "../../../src/slurm/queue-lines.ts";

const NAME = "agentd-0a1b2c3d-0000000000000001-1";

function seen(...states: readonly string[]) {
  return observationOf(readQueue(states.map((state, id) => `${id + 1}|${state}|n1|${NAME}|None`).join("\n")));
}

describe("what squeue prints", () => {
  it("is read line by line, with any reason", () => {
    expect(readQueue(`12|PENDING||${NAME}|(a|b) c\n`)).toEqual([
      { id: "12", state: "PENDING", node: "", name: NAME, reason: "(a|b) c" },
    ]);
  });

  it("may have jobs of others in it, with any name", () => {
    const text = `7_[1-4]|PENDING||array|None\n8|RUNNING|n1|a|b|c\nnonsense\n9|RUNNING|n2|${NAME}|None`;
    expect(readQueue(text).map(({ id }) => id)).toEqual(["8", "9"]);
    expect(readQueue(text)[0]?.name).toBe("a");
  });

  it.each([
    ["PENDING", { at: "queued", reason: "None" }],
    ["CONFIGURING", { at: "queued", reason: "None" }],
    ["RUNNING", { at: "running", node: "n1" }],
    ["COMPLETING", { at: "running", node: "n1" }],
    ["COMPLETED", { at: "ended", engineState: "COMPLETED", node: "n1" }],
    ["NODE_FAIL", { at: "ended", engineState: "NODE_FAIL", node: "n1" }],
    ["OUT_OF_MEMORY", { at: "ended", engineState: "OUT_OF_MEMORY", node: "n1" }],
  ])("means for %s", (state, observation) => {
    expect(seen(state)).toEqual(observation);
  });

  it("says why a job has ended, where Slurm does", () => {
    const [line] = readQueue(`1|FAILED||${NAME}|BadConstraints`);
    expect(observationOf(line === undefined ? [] : [line])).toEqual({
      ...{ at: "ended", engineState: "FAILED", reason: "BadConstraints" },
    });
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
