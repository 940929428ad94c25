/** What a placed session is busy with, as the operator sees it. */
import type { PlacedSeen } from "../placement/placed-runs.ts";

export function doing(seen: PlacedSeen | undefined): string {
  const { status, observation } = seen ?? {};
  const claim = status?.claim ?? null;
  if (claim !== null) return `being prepared on node ${claim.node}`;
  switch (observation?.at) {
    case "queued":
      return `waiting in the queue of the engine (${observation.reason})`;
    case "running":
      return `starting on node ${observation.node}`;
    case "unknown":
      return `waiting: the engine cannot be asked (${observation.why})`;
    default:
      return "being placed on another machine";
  }
}
