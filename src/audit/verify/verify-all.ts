/**
 * Verifying all records of an audit root together: each by itself, and that none is missing.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AgentdError } from "../../errors.ts";
import type { Chain, ChainProblem } from "../chain/chain.ts";
import type { SessionLine } from "../chain/chain-line.ts";
import { type Evidence, readEvidence } from "../chain/evidence.ts";
import type { PrunedStatement } from "../format/statement-schema.ts";
import type { RecordPlace } from "../read/query.ts";
import { listRecords } from "../read/select-records.ts";
import { type Verdict, VERDICTS, type Verification, worse } from "./verification.ts";
import { verifyRecord } from "./verify.ts";
import { isVouchedFor } from "./verify-attestation.ts";
import { verifyChain } from "./verify-chain.ts";

/** This many records are verified in turns, so that none waits for the disk alone. */
const AT_ONCE = 8;

export interface VerifiedRecord extends Verification {
  readonly session_id: string;
  /** Directory of the record on this host. */
  readonly record: string;
}

export interface ChainSummary {
  /** Number of statements. */
  readonly statements: number;
  /** Digest of the newest one; null while there is none. */
  readonly head: string | null;
  readonly problems: readonly ChainProblem[];
}

export interface VerificationOfAll {
  /** The worst of all. */
  readonly status: Verdict;
  /** How many records have each status; `pruned` ones are gone with a tombstone. */
  readonly counts: Readonly<Record<Verdict | "pruned", number>>;
  /** Every record that is not verified. */
  readonly records: readonly VerifiedRecord[];
  readonly chain: ChainSummary;
}

export interface VerifyAllOptions {
  readonly auditRoot: string;
  readonly stateDirectory: string;
  /** A digest that the chain must have, as noted earlier; undefined when none was. */
  readonly head?: string | undefined;
  /** Called after each record, with the number of records done and of all. */
  readonly onProgress?: ((done: number, all: number) => Promise<void>) | undefined;
}

/** Verifies every record below an audit root, and the chain that connects them. */
export async function verifyAll(options: VerifyAllOptions): Promise<VerificationOfAll> {
  const { auditRoot, stateDirectory, onProgress } = options;
  const evidence = readEvidence(stateDirectory);
  const places = (await listRecords(auditRoot, { limit: Number.POSITIVE_INFINITY })).reverse();
  const counts = { verified: 0, incomplete: 0, unknown_key: 0, altered: 0, pruned: 0 };
  const records: VerifiedRecord[] = [];
  const add = (record: VerifiedRecord): void => {
    counts[record.status] += 1;
    if (record.status !== "verified") records.push(record);
  };

  let done = 0;
  const remaining = places.values();
  const verifySome = async (): Promise<void> => {
    for (const place of remaining) {
      // One that was pruned meanwhile is reported as pruned below.
      if (existsSync(place.directory)) add(await verifyPlace(place, evidence));
      await onProgress?.(++done, places.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, verifySome));
  evidence.chain.refresh();
  const { chain, keys } = evidence;
  const { status, problems, pruned } = verifyChain(chain, keys);
  const here = new Set(places.map(({ id }) => id));
  for (const id of chain.sessionIds) {
    if (here.has(id)) continue;
    const lines = chain.linesOf(id);
    if (lines.every((line) => isPruned(line, pruned))) counts.pruned += 1;
    else add(await verifyPlace(placeOf(auditRoot, lines), evidence));
  }
  const headProblem = missingHead(chain, options.head);
  return {
    status: VERDICTS.filter((verdict) => counts[verdict] > 0)
      .concat(headProblem.length > 0 ? "altered" : [])
      .reduce(worse, status),
    counts,
    records: records.sort((one, other) => (one.session_id < other.session_id ? -1 : 1)),
    chain: { statements: chain.lines.length, head: chain.head, problems: [...problems, ...headProblem] },
  };
}

/** A missing record is altered: it was removed without a tombstone. */
async function verifyPlace(place: RecordPlace, evidence: Evidence): Promise<VerifiedRecord> {
  const named = { session_id: place.id, record: place.directory };
  const unread = { files: 0, statement: null, key_id: null };
  if (!existsSync(place.directory)) {
    const problem = "the record is missing, and no tombstone says that it was pruned";
    return { ...named, ...unread, status: "altered", problems: [{ path: ".", problem }] };
  }
  try {
    return { ...named, ...(await verifyRecord(place, evidence)) };
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error;
    // Nothing shows that a record which a later agentd sealed is wrong.
    const status = error.details?.["problem"] === "newer" ? "incomplete" : "altered";
    return { ...named, ...unread, status, problems: [{ path: ".", problem: error.message }] };
  }
}

function isPruned(line: SessionLine, pruned: ReadonlyMap<string, PrunedStatement>): boolean {
  const tombstone = pruned.get(line.statement);
  if (tombstone?.name !== `${line.profile}/${line.session_id}`) return false;
  return isVouchedFor(line, [tombstone]);
}

function placeOf(auditRoot: string, lines: readonly SessionLine[]): RecordPlace {
  const { session_id: id = "", profile = "" } = lines.at(-1) ?? {};
  return { id, profile, directory: join(auditRoot, profile, id) };
}

function missingHead({ lines, head }: Chain, expected: string | undefined): ChainProblem[] {
  if (expected === undefined || lines.some(({ statement }) => statement === expected)) return [];
  const problem = `the statement ${expected} is not in the chain, which ends with ${head ?? "nothing"}: the chain was truncated or rewritten`;
  return [{ line: lines.length, problem }];
}
