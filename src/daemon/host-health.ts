import type { Result } from "../api/methods.ts";
import type { Engine } from "../podman/engine.ts";
import type { FreeSpace } from "../sessions/queue/free-space.ts";

const PING_DEADLINE_MS = 5_000;

/** What sessions lack on this host now: an engine that answers, or room on a disk. */
export async function hostHealth(
  engine: Pick<Engine, "answers">,
  freeSpace: Pick<FreeSpace, "shortage">,
): Promise<Result<"health">> {
  const [answers, shortage] = await Promise.all([engine.answers(PING_DEADLINE_MS), freeSpace.shortage()]);
  const missing: Result<"health">["missing"] = [];
  if (!answers) missing.push({ what: "engine", why: "the Podman service does not answer" });
  if (shortage !== undefined) missing.push({ what: "disk", why: shortage });
  return { missing };
}
