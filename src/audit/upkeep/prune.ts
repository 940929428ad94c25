/**
 * Removing old records. A signed tombstone keeps the digests of their statements, so the chain stays verifiable.
 */
import { rename } from "node:fs/promises";
import { sentence, systemCode } from "../../errors.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import type { Chain } from "../chain/chain.ts";
import type { ChainLine } from "../chain/chain-line.ts";
import { ChainWriter } from "../chain/chain-writer.ts";
import { envelopeJson, signEnvelope } from "../format/dsse.ts";
import { pruneStatement } from "../format/statement.ts";
import type { EvidencePaths } from "../keys/evidence-paths.ts";
import type { RecordPlace } from "../read/query.ts";
import { prunedPath, type PrunePlan } from "./prune-plan.ts";
import { writePruningNote } from "./pruning-notes.ts";

/** A tombstone is one line of the chain; so many records in one keep it short. */
const RECORDS_OF_A_TOMBSTONE = 500;

export interface Pruned {
  /** How many records are gone from the audit root. */
  readonly records: number;
  /** Directories that could not be removed whole; the next pruning tries again. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

export interface PruneOptions {
  readonly paths: EvidencePaths;
  readonly chain: Chain;
  /** Wall clock, in milliseconds since the epoch, for the event. */
  readonly nowMs: number;
}

/**
 * Removes the records of a plan, and what earlier prunings left. Safe beside a running daemon, and to be cut short at
 * any moment: a tombstone is durable before its records go, and one whose records are still there says nothing wrong.
 */
export async function prune(
  auditRoot: string,
  plan: PrunePlan,
  { paths, chain, nowMs }: PruneOptions,
): Promise<Pruned> {
  const writer = new ChainWriter(paths);
  const failed = await removeAll(plan.leftovers);
  for (let start = 0; start < plan.records.length; start += RECORDS_OF_A_TOMBSTONE) {
    const records = plan.records.slice(start, start + RECORDS_OF_A_TOMBSTONE);
    const { sequence } = addTombstone(records, writer, chain);
    await writer.sync();
    const ids = records.map(({ id }) => id);
    const note = { sequence, timestamp: new Date(nowMs).toISOString(), session_ids: ids };
    // A full disk needs the pruning more than the feed needs its event.
    await writePruningNote(paths, note).catch(() => undefined);
    failed.push(...(await removeAll(await putAside(auditRoot, records))));
  }
  return { records: plan.records.length, failed };
}

function addTombstone(records: readonly RecordPlace[], writer: ChainWriter, chain: Chain): ChainLine {
  const gone = records.flatMap(({ id }) => chain.linesOf(id));
  return writer.append((place, key) => {
    const payload = pruneStatement(gone, place);
    return { payload, line: { kind: "prune", envelope: envelopeJson(signEnvelope(payload, key)) } };
  });
}

/** Renames records out of sight, each at once. */
async function putAside(auditRoot: string, records: readonly RecordPlace[]): Promise<string[]> {
  const aside: string[] = [];
  for (const record of records) {
    const path = prunedPath(auditRoot, record);
    try {
      await rename(record.directory, path);
      aside.push(path);
    } catch (error) {
      // Another pruning was faster.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
  return aside;
}

async function removeAll(directories: readonly string[]): Promise<{ path: string; reason: string }[]> {
  const failed: { path: string; reason: string }[] = [];
  for (const path of directories) {
    try {
      await removeTree(path);
    } catch (error) {
      failed.push({ path, reason: sentence(error) });
    }
  }
  return failed;
}
