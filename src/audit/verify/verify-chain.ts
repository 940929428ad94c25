/**
 * The chain of an instance: whether its lines follow from each other, one key hands over to the next, and the
 * statements in the chain itself are signed.
 */
import type { KeyObject } from "node:crypto";
import type { Chain, ChainProblem } from "../chain/chain.ts";
import { type ChainLine, keyAfter } from "../chain/chain-line.ts";
import { isSignedBy, parseEnvelope } from "../format/dsse.ts";
import { KEY_PREDICATE, NOTE_PREDICATE, noteName, PRUNE_PREDICATE, sha256 } from "../format/statement.ts";
import { type ChainStatement, type PrunedStatement, readChainStatement } from "../format/statement-schema.ts";
import { keyIdOf, parsePublicKey } from "../keys/public-key.ts";
import { type Verdict, worse } from "./verification.ts";

export interface ChainVerification {
  readonly status: Verdict;
  readonly problems: readonly ChainProblem[];
  /** The statements whose records were pruned, by their digests, as signed tombstones have them. */
  readonly pruned: ReadonlyMap<string, PrunedStatement>;
}

/** Verifies the chain; the statements of records are verified with their records. */
export function verifyChain(chain: Chain, keys: ReadonlyMap<string, KeyObject>): ChainVerification {
  let status: Verdict = chain.problems.length > 0 ? "altered" : "verified";
  const problems: ChainProblem[] = [...chain.problems];
  const pruned = new Map<string, PrunedStatement>();
  let expectedKey: string | undefined;
  for (const [index, line] of chain.lines.entries()) {
    const fault = keyFault(line, expectedKey, keys) ?? statementFault(line, keys, pruned);
    if (fault !== undefined) {
      status = worse(status, fault.status);
      problems.push({ line: index + 1, problem: fault.problem });
    }
    expectedKey = keyAfter(line);
  }
  return { status, problems, pruned };
}

interface Fault {
  readonly status: Verdict;
  readonly problem: string;
}

function keyFault(
  { key }: ChainLine,
  expected: string | undefined,
  keys: ReadonlyMap<string, KeyObject>,
): Fault | undefined {
  if (!keys.has(key))
    return { status: "unknown_key", problem: `is signed with the key ${key}, which is unknown here` };
  if (expected === undefined || key === expected) return undefined;
  return {
    status: "unknown_key",
    problem: `is signed with the key ${key}, but ${expected} did not hand over to that key`,
  };
}

/** What is wrong with a statement in the chain itself; collects the statements that a pruning covers. */
function statementFault(
  line: ChainLine,
  keys: ReadonlyMap<string, KeyObject>,
  pruned: Map<string, PrunedStatement>,
): Fault | undefined {
  if (line.kind === "session") return undefined;
  const envelope = parseEnvelope(line.envelope);
  const key = keys.get(line.key);
  if (envelope === undefined || key === undefined || !isSignedBy(envelope, key)) {
    return { status: "altered", problem: "its signature is not valid" };
  }
  const statement = readChainStatement(envelope.payload);
  if (statement === undefined || sha256(envelope.payload) !== line.statement || !agrees(statement, line)) {
    return { status: "altered", problem: "differs from what was signed" };
  }
  for (const gone of statement.pruned) pruned.set(gone.statement, gone);
  return undefined;
}

function agrees(statement: ChainStatement, line: ChainLine): boolean {
  if (statement.sequence !== line.sequence || statement.previous !== line.previous) return false;
  if (line.kind === "prune") return statement.predicateType === PRUNE_PREDICATE;
  if (line.kind === "note") {
    const { predicateType, note } = statement;
    return predicateType === NOTE_PREDICATE && note?.name === noteName(line.profile, line.session_id);
  }
  if (line.kind !== "key" || statement.predicateType !== KEY_PREDICATE) return false;
  const next = parsePublicKey(statement.publicKey ?? "");
  return next !== undefined && keyIdOf(next) === line.next_key;
}
