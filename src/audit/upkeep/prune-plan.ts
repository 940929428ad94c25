/**
 * Which records can be pruned: old ones, but none that is open, that differs from the chain, or that is to be kept.
 */
import { join } from "node:path";
import { AgentdError } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import { NotRegularFileError, readRegularFile } from "../../regular-file.ts";
import { bytePath } from "../../trees/byte-path.ts";
import type { Evidence } from "../chain/evidence.ts";
import { parseBundle } from "../format/dsse.ts";
import { recordPaths } from "../format/record-layout.ts";
import { sessionIdTime } from "../format/session-id.ts";
import { sha256 } from "../format/statement.ts";
import { ANY_DOCUMENT_BYTES, readDocument, type RecordPlace } from "../read/query.ts";
import { namesIn } from "../read/record-names.ts";
import { listRecords } from "../read/select-records.ts";
import { OLD_TREE } from "../seal/swap-tree.ts";
import { diskUsage } from "./disk-usage.ts";

/** What may go of one profile. With neither an instant nor a size, everything beyond `keep` may. */
export interface PruneRules {
  /** Sessions that ended before this go, in milliseconds since the epoch. */
  readonly endedBeforeMs?: number | undefined;
  /** The oldest go while the records of the profile use more of the disk, in bytes. */
  readonly maxBytes?: number | undefined;
  /** The newest records of each profile that stay in any case. */
  readonly keep: number;
}

/** Why a record stays for now, though the rules allow to remove it; undefined: it may go. */
export type HeldBack = (place: RecordPlace) => Promise<string | undefined>;

export interface PrunableRecord extends RecordPlace {
  readonly endTimestamp: string;
  /** Its use of the disk. */
  readonly bytes: number;
}

export interface PrunePlan {
  /** Oldest first. */
  readonly records: readonly PrunableRecord[];
  /** Records that match the rules but stay, and why. */
  readonly refused: readonly (RecordPlace & { readonly reason: string })[];
  /** Entries that an earlier pruning could not remove. */
  readonly leftovers: readonly string[];
}

/** A statement has names and digests only. */
const MOST_ATTESTATION_BYTES = 1024 * 1024;

/** A record that is being removed; no name of a record looks like this. */
const PRUNED = /^\.pruned-[0-9a-f]{16}$/;

/** Where a record goes before it is removed, so that a reader never sees half of one. */
export function prunedPath(auditRoot: string, { profile, id }: RecordPlace): string {
  return join(auditRoot, profile, `.pruned-${id}`);
}

/** The remains of a pruning that was cut short, and of a container's tree that a seal could not remove. */
function isLeftover(name: string, { isOpen }: Evidence): boolean {
  const [, unsealed] = OLD_TREE.exec(name) ?? [];
  return PRUNED.test(name) || (unsealed !== undefined && !isOpen(unsealed));
}

/**
 * Finds what the rules allow to remove. Only reads.
 *
 * @param rulesOf the rules for a profile, which need not be configured any more; undefined: nothing of it is looked at.
 * @param heldBack default: nothing is held back.
 */
export async function planPruning(
  auditRoot: string,
  rulesOf: (profile: string) => PruneRules | undefined,
  evidence: Evidence,
  heldBack: HeldBack = () => Promise.resolve(undefined),
): Promise<PrunePlan> {
  const records: PrunableRecord[] = [];
  const refused: (RecordPlace & { reason: string })[] = [];
  const leftovers: string[] = [];
  for (const profile of await namesIn(auditRoot)) {
    const rules = rulesOf(profile);
    if (rules === undefined) continue;
    const newestFirst = await listRecords(auditRoot, { limit: Number.POSITIVE_INFINITY, profile });
    let excess = excessBytes(newestFirst, rules);
    for (const place of newestFirst.slice(rules.keep).reverse()) {
      const isInExcess = excess > 0;
      const checked = await checkPrunable(place, isInExcess ? { keep: 0 } : rules, evidence, heldBack);
      if (checked === undefined) continue;
      if ("reason" in checked) refused.push(checked);
      else {
        records.push(checked);
        excess -= checked.bytes;
      }
    }
    const names = await namesIn(join(auditRoot, profile));
    leftovers.push(
      ...names.filter((name) => isLeftover(name, evidence)).map((name) => join(auditRoot, profile, name)),
    );
  }
  return { records: records.sort((one, other) => (one.id < other.id ? -1 : 1)), refused, leftovers };
}

/** How much more of the disk records use than they may; not above zero where there is no limit. */
function excessBytes(places: readonly RecordPlace[], { maxBytes }: PruneRules): number {
  if (maxBytes === undefined) return 0;
  return places.reduce((sum, { directory }) => sum + diskUsage(bytePath(directory)), -maxBytes);
}

/** The instant before which a session has to have ended. */
function cutOff({ endedBeforeMs, maxBytes }: PruneRules): number {
  return endedBeforeMs ?? (maxBytes === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
}

/** Undefined for a record that is not old enough. */
async function checkPrunable(
  place: RecordPlace,
  rules: PruneRules,
  evidence: Evidence,
  heldBack: HeldBack,
): Promise<PrunableRecord | (RecordPlace & { readonly reason: string }) | undefined> {
  const endedBeforeMs = cutOff(rules);
  // A session ends after its id was made, so most need no look into their records.
  if (sessionIdTime(place.id) >= endedBeforeMs) return undefined;
  const refused = (reason: string) => ({ ...place, reason });
  try {
    const { outcome, end_timestamp: endTimestamp } = await readDocument(place.directory, ANY_DOCUMENT_BYTES);
    if (outcome === null || endTimestamp === null || evidence.isOpen(place.id)) return refused("not sealed");
    if (Date.parse(endTimestamp) >= endedBeforeMs) return undefined;
    if (evidence.isKept(place.id))
      return refused(`what it has left is kept: remove that first, with \`agentd rm ${place.id}\``);
    if (evidence.isFollowed(place.id)) return refused("what follows it has not started yet");
    if (!(await isInChain(place, evidence))) {
      return refused("does not match the chain: see `agentd audit verify`");
    }
    const reason = await heldBack(place);
    if (reason !== undefined) return refused(reason);
    return { ...place, endTimestamp, bytes: diskUsage(bytePath(place.directory)) };
  } catch (error) {
    if (error instanceof AgentdError) return refused(error.message);
    throw error;
  }
}

/** Whether a tombstone of the chain's statement would be one of this record. */
async function isInChain({ id, directory }: RecordPlace, { chain }: Evidence): Promise<boolean> {
  const bundle = parseBundle(await attestationOf(directory));
  const line = chain.linesOf(id).at(-1);
  return bundle !== undefined && line?.statement === sha256(bundle.envelope.payload);
}

/** Empty where there is none. */
async function attestationOf(directory: string): Promise<Buffer> {
  try {
    const reading = readRegularFile(recordPaths(directory).attestation, MOST_ATTESTATION_BYTES);
    return (await ifThere(reading)) ?? Buffer.alloc(0);
  } catch (error) {
    if (error instanceof NotRegularFileError) return Buffer.alloc(0);
    throw error;
  }
}
