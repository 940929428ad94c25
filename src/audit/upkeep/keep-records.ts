/** Pruning without anybody who asks for it: as the configuration says how long records are kept. */
import { readEvidence } from "../chain/evidence.ts";
import { evidencePaths } from "../keys/evidence-paths.ts";
import { prune } from "./prune.ts";
import { planPruning, type PrunableRecord, type PruneRules } from "./prune-plan.ts";
import { unpublishedReason } from "./unpublished.ts";

/** Plain data, which goes to a worker. */
export interface RetentionJob {
  readonly auditRoot: string;
  readonly stateDirectory: string;
  /** By profile; undefined: all of its records stay. */
  readonly rules: ReadonlyMap<string, PruneRules | undefined>;
  /** Of profiles that are in `rules` no more; undefined: all of their records stay. */
  readonly otherRules: PruneRules | undefined;
  /** Sessions whose records stay for now, by id, with the reason. */
  readonly heldBack: ReadonlyMap<string, string>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly nowMs: number;
}

export interface RetentionReport {
  /** What was removed, oldest first. */
  readonly records: readonly Pick<PrunableRecord, "id" | "profile" | "bytes">[];
  /** What would have gone, and why it stayed. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Directories that could not be removed whole; the next pruning tries again. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/** Removes what is not to be kept any more, except what is open, held back or still to be published. */
export async function keepRecords(job: RetentionJob): Promise<RetentionReport> {
  const { auditRoot, stateDirectory, rules, otherRules, heldBack } = job;
  const evidence = readEvidence(stateDirectory);
  const plan = await planPruning(
    auditRoot,
    (profile) => (rules.has(profile) ? rules.get(profile) : otherRules),
    evidence,
    async (place) => heldBack.get(place.id) ?? (await unpublishedReason(place)),
  );
  const { failed } = await prune(auditRoot, plan, {
    paths: evidencePaths(stateDirectory),
    chain: evidence.chain,
    nowMs: job.nowMs,
  });
  return {
    records: plan.records.map(({ id, profile, bytes }) => ({ id, profile, bytes })),
    refused: plan.refused.map(({ id, reason }) => ({ id, reason })),
    failed,
  };
}
