/** The method `nodes`: what the engine says, and what the last sessions there were. */
import type { Handlers } from "../api/handlers.ts";
import type { NodeView } from "../api/nodes-method.ts";
import { sentence } from "../errors.ts";
import type { PlacedExecutor } from "../placed/placed-executor.ts";
import type { EngineNode } from "../placement/placement.ts";
import type { ListedSession } from "../session-document.ts";
import type { SessionDirectory } from "./session-directory.ts";

/** How many sessions are looked at. */
const NEWEST = 200;

export function nodesHandler(
  placed: Pick<PlacedExecutor, "engineNodes" | "trouble" | "nodeOf"> | undefined,
  sessions: Pick<SessionDirectory, "all">,
): Handlers["nodes"] {
  return async (_params, { signal }) => {
    if (placed === undefined) return { engine: null, trouble: null, nodes: [] };
    const [found, { sessions: newest }] = await Promise.all([
      placed.engineNodes(signal).catch(sentence),
      sessions.all({ limit: NEWEST, failed: false }, signal),
    ]);
    const [nodes, trouble] = typeof found === "string" ? [[], found] : [found, placed.trouble ?? null];
    const nodeOf = (session: ListedSession): string | undefined =>
      session.placement?.node ?? (session.outcome === null ? placed.nodeOf(session.session_id) : undefined);
    const names = new Set([
      ...nodes.map(({ name }) => name),
      ...newest.flatMap((each) => nodeOf(each) ?? []),
    ]);
    return {
      ...{ engine: "slurm", trouble },
      nodes: [...names].sort().map((name) => {
        const there = newest.filter((session) => nodeOf(session) === name);
        return viewOf(
          name,
          nodes.find((node) => node.name === name),
          there,
        );
      }),
    };
  };
}

function viewOf(name: string, node: EngineNode | undefined, there: readonly ListedSession[]): NodeView {
  const last = there.find(({ outcome }) => outcome !== null);
  return {
    name,
    state: node?.state ?? null,
    reason: node?.reason ?? null,
    cpus: node?.cpus ?? null,
    memory_bytes: node?.memoryBytes ?? null,
    sessions: there.filter(({ outcome }) => outcome === null).length,
    last_session: last?.session_id ?? null,
    last_outcome: last?.outcome ?? null,
    last_end_timestamp: last?.end_timestamp ?? null,
  };
}
