import { describe, expect, it } from "vitest";
import { ending } from "../../../src/outcome.ts";
import { peakFields } from "../../../src/sessions/run/peak-fields.ts";

const MIB = 2 ** 20;

describe("the peaks of a session", () => {
  it("are what its container was seen to use", () => {
    const seen = { memoryBytes: 3 * MIB, pids: 4, cpuSeconds: 0.5 };
    expect(peakFields(seen, ending("success"), { memoryBytes: 64 * MIB })).toEqual({
      peak_memory_bytes: 3 * MIB,
      peak_pids: 4,
      cpu_seconds: 0.5,
    });
  });

  it("are null where the host does not tell", () => {
    expect(peakFields({}, ending("success"), {})).toEqual({
      peak_memory_bytes: null,
      peak_pids: null,
      cpu_seconds: null,
    });
  });

  it("reach the limit when the session ran out of memory, however quickly that was", () => {
    const seen = { memoryBytes: 3 * MIB };
    const end = ending("out_of_memory");
    expect(peakFields(seen, end, { memoryBytes: 64 * MIB }).peak_memory_bytes).toBe(64 * MIB);
    expect(peakFields(seen, end, {}).peak_memory_bytes).toBe(3 * MIB);
  });
});
