/** The record of a session on its node, before and without an engine. */
import { randomBytes } from "node:crypto";
import { OpenIndex } from "../audit/open/open-index.ts";
import type { RecordSettings } from "../audit/open/open-record.ts";
import { createRecord } from "../audit/open/record.ts";
import { reopenRecord } from "../audit/open/reopen.ts";
import { findById } from "../audit/read/find-record.ts";
import { Sealer } from "../audit/seal/sealer.ts";
import type { Places } from "../daemon/places.ts";
import { sentence } from "../errors.ts";
import type { Failpoints } from "../failpoints.ts";
import { ending } from "../outcome.ts";
import type { PlacedPlan } from "../placement/placed-plan.ts";
import type { PlacementFields } from "../placement-fields.ts";
import { acceptedDocument } from "../session-document.ts";
import { readTrail } from "../sessions/recovery/trail.ts";
import { readPlan, type SessionPlan } from "../sessions/state/plan.ts";

export interface NodeRecordParts {
  readonly places: Places;
  readonly sessionId: string;
  readonly daemon: { readonly pid: number; readonly version: string };
  readonly sealWorker: string;
  readonly failpoints: Failpoints;
  readonly now: () => number;
}

/** Whether the session's record is there: open or sealed. */
export async function hasNodeRecord(parts: NodeRecordParts, { limits }: PlacedPlan): Promise<boolean> {
  const { places, sessionId } = parts;
  return await withSettings(parts, limits.record_bytes, async (settings) => {
    const { entries } = await settings.index.list();
    const entry = entries.find(({ id }) => id === sessionId);
    // One that was cut short while it was made is removed, and made again.
    if (entry !== undefined) return (await reopenRecord(settings, entry)).kind !== "unmade";
    return (await sealedRecord(places, sessionId)) !== undefined;
  });
}

/** Directory of the record; undefined when there is none. */
export async function sealedRecord(places: Places, sessionId: string): Promise<string | undefined> {
  return (await findById(places.auditRoot, sessionId))?.directory;
}

/** What the node runs: the head's plan, without what the head does itself. */
export function nodePlan({ plan }: PlacedPlan): SessionPlan {
  const { profile, ...rest } = readPlan(plan);
  const { retry: _retry, chain: _chain, publish: _publish, ...kept } = profile;
  return { ...rest, profile: { ...kept, placement: "local", after: [], keep: "never" } };
}

/** Makes the record, with the id that the session has on its head. */
export async function createNodeRecord(
  parts: NodeRecordParts,
  plan: PlacedPlan,
  placement: PlacementFields,
): Promise<void> {
  const { document } = plan;
  const { limits, files } = plan;
  const { outcome: _outcome, ...accepted } = document;
  const fresh = acceptedDocument({ ...accepted, placement });
  const { scheduled_timestamp, schedule_name, delay_ms } = document;
  await withSettings(parts, limits.record_bytes, async (settings) => {
    await createRecord({
      ...settings,
      document: { ...fresh, scheduled_timestamp, schedule_name, delay_ms },
      requestId: `placed-${parts.sessionId}`,
      plan: nodePlan(plan),
      sessionId: parts.sessionId,
      randomBytes,
      input: files.length === 0 ? undefined : { files: files.map(placed), artifact: undefined },
    });
  });
}

/**
 * Seals the record of a session that cannot be begun on this node.
 *
 * @returns false when it is unknown whether it had begun: then the record stays open, for a later runner.
 */
export async function sealUnbegun(
  parts: NodeRecordParts,
  plan: PlacedPlan,
  error: unknown,
): Promise<boolean> {
  return await withSettings(parts, plan.limits.record_bytes, async (settings) => {
    const { entries } = await settings.index.list();
    const entry = entries.find(({ id }) => id === parts.sessionId);
    const reopened = entry && (await reopenRecord(settings, entry));
    if (reopened?.kind !== "open") return false;
    const { state } = readTrail(reopened.journal);
    // While it was prepared, a container may have been made that only the engine can remove.
    if (state !== "queued") return false;
    const end = ending("launch_failed", { stage: "placement", cause: `on its node: ${sentence(error)}` });
    const end_timestamp = new Date(parts.now()).toISOString();
    await reopened.record.journal("finishing", "ended", { ...end, end_timestamp });
    await reopened.record.seal({ ...end, end_timestamp, output_lost: false });
    await reopened.record.retire();
    return true;
  });
}

async function withSettings<T>(
  { places, daemon, sealWorker, failpoints, now }: NodeRecordParts,
  recordLimitBytes: number,
  use: (settings: RecordSettings) => Promise<T>,
): Promise<T> {
  const { state: stateDirectory, instance, auditRoot } = places;
  const attester = { stateDirectory, instance, version: daemon.version };
  const sealer = new Sealer({ script: sealWorker, attester });
  const index = new OpenIndex(stateDirectory);
  try {
    const { seal } = sealer;
    return await use({ auditRoot, index, daemon, recordLimitBytes, isPrivate: true, now, seal, failpoints });
  } finally {
    await sealer.close();
  }
}

function placed({ name, content }: PlacedPlan["files"][number]) {
  const bytes = Buffer.from(content, "base64");
  return { name, bytes: bytes.length, content: bytes };
}
