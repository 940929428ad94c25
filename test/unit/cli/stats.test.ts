import { describe, expect, it } from "vitest";
import type { SessionStats } from "../../../src/api/live-methods.ts";
import { usedBetween } from "../../../src/cli/commands/stats.ts";

const SESSION: SessionStats = {
  session_id: "0198f2a4c6e81234",
  profile: "demo",
  state: "running",
  cpu_seconds: 10,
  memory_bytes: 1,
  pids: 1,
  memory_limit_bytes: null,
  pids_limit: 2048,
  disk_bytes: null,
  disk_limit_bytes: null,
  llm: null,
  last_output_timestamp: null,
};

const seen = (sampled_ms: number, cpu_seconds: number | null) => ({
  sampled_ms,
  sessions: [{ ...SESSION, cpu_seconds }],
});

describe("the share of a processor between two looks", () => {
  it.each([
    ["half a core", seen(1000, 10), seen(3000, 11), 50],
    ["two cores", seen(1000, 10), seen(2000, 12), 200],
    ["less than before, as a process has ended", seen(1000, 10), seen(2000, 9), 0],
    ["a first look", undefined, seen(2000, 9), null],
    ["another daemon's clock", seen(5000, 10), seen(100, 11), null],
    ["a command that has ended", seen(1000, 10), seen(2000, null), null],
    ["a session that is new", { sampled_ms: 1, sessions: [] }, seen(2000, 9), null],
  ])("of %s", (_, before, now, percent) => {
    expect(usedBetween(before, now).map(({ cpu_percent: cpu }) => cpu)).toEqual([percent]);
  });
});
