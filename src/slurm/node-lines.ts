import type { EngineNode } from "../placement/placement.ts";

/** Asks sinfo for one line for each node and partition. The reason is last, because it may have any character. */
export const NODE_OPTIONS = ["--noheader", "--Node", "--format=%N|%T|%c|%m|%E"] as const;

const MIB = 1024 * 1024;

/** Reads what sinfo prints, each node once. */
export function readNodes(stdout: string): EngineNode[] {
  const nodes = new Map<string, EngineNode>();
  for (const line of stdout.split("\n")) {
    const [, name, state, cpus, memory, reason] =
      /^([^|]+)\|([^|]+)\|(\d+)\+?\|(\d+)\+?\|(.*)$/.exec(line) ?? [];
    if (name === undefined || state === undefined) continue;
    nodes.set(name, {
      ...{ name, state, cpus: Number(cpus), memoryBytes: Number(memory) * MIB },
      reason: reason === undefined || reason === "" || reason === "none" ? undefined : reason,
    });
  }
  return [...nodes.values()];
}
