/**
 * The attestation of a record: its signature, the sums that it covers, and its place in the chain.
 */
import type { SessionLine } from "../chain/chain-line.ts";
import type { Evidence } from "../chain/evidence.ts";
import { isSignedBy, parseBundle } from "../format/dsse.ts";
import { ATTESTATION, CHECKSUMS } from "../format/record-layout.ts";
import { type GoneStatement, sha256 } from "../format/statement.ts";
import { readSessionStatement, type SessionStatement } from "../format/statement-schema.ts";
import type { RecordPlace } from "../read/query.ts";
import type { RecordProblem } from "./verification.ts";

/** The two files that seal a record. */
export interface SealFiles {
  readonly attestation: Buffer;
  /** SHA-256 of `SHA256SUMS`, in hex; undefined when it is missing. */
  readonly checksumsDigest: string | undefined;
}

export interface AttestationVerdict {
  readonly status: "verified" | "unknown_key" | "altered";
  readonly problems: readonly RecordProblem[];
  /** SHA-256 of the statement; null when there is none to be read. */
  readonly statement: string | null;
  readonly keyId: string | null;
}

/** Verifies the seal of a record, but not the files that the sums cover. */
export function verifyAttestation(
  place: RecordPlace,
  { attestation, checksumsDigest }: SealFiles,
  evidence: Evidence,
): AttestationVerdict {
  const bundle = parseBundle(attestation);
  if (bundle === undefined)
    return verdict("altered", null, null, [ATTESTATION, "does not have the form that agentd writes"]);
  const { envelope, keyId } = bundle;
  const digest = sha256(envelope.payload);
  const line = findLine(place.id, evidence, digest);
  const key = evidence.keys.get(keyId);
  if (key === undefined && (line === undefined || line.statement !== digest)) {
    return verdict("unknown_key", digest, keyId, [
      ATTESTATION,
      `is signed with the key ${keyId}, which is unknown here`,
    ]);
  }
  if (key === undefined || !isSignedBy(envelope, key)) {
    return verdict("altered", digest, keyId, [ATTESTATION, "its signature is not valid"]);
  }
  const statement = readSessionStatement(envelope.payload);
  const problems =
    statement === undefined
      ? [[ATTESTATION, "its statement is not about a session"] as const]
      : [
          ...contentProblems(place, statement, checksumsDigest),
          ...lineProblems(
            line,
            { ...statement, statement: digest, key: keyId, profile: place.profile },
            evidence,
          ),
        ];
  return verdict(problems.length > 0 ? "altered" : "verified", digest, keyId, ...problems);
}

type PathAndProblem = readonly [path: string, problem: string];

function verdict(
  status: AttestationVerdict["status"],
  statement: string | null,
  keyId: string | null,
  ...problems: readonly PathAndProblem[]
): AttestationVerdict {
  return { status, statement, keyId, problems: problems.map(([path, problem]) => ({ path, problem })) };
}

/** The line of a session's record. The chain may have grown since it was read. */
function findLine(sessionId: string, { chain }: Evidence, digest: string): SessionLine | undefined {
  if (chain.linesOf(sessionId).at(-1)?.statement !== digest) chain.refresh();
  return chain.linesOf(sessionId).at(-1);
}

function contentProblems(
  place: RecordPlace,
  statement: SessionStatement,
  checksumsDigest: string | undefined,
): PathAndProblem[] {
  const problems: PathAndProblem[] = [];
  if (statement.sessionId !== place.id) problems.push([ATTESTATION, `is of session ${statement.sessionId}`]);
  if (checksumsDigest !== undefined && statement.checksumsDigest !== checksumsDigest) {
    problems.push([CHECKSUMS, "differs from what was signed"]);
  }
  return problems;
}

/** Whether the chain has this statement for this session, and an account of all earlier ones. */
function lineProblems(
  line: SessionLine | undefined,
  statement: SessionStatement & Pick<SessionLine, "statement" | "key" | "profile">,
  { chain }: Evidence,
): PathAndProblem[] {
  if (line === undefined) return [[ATTESTATION, "its statement is not in the chain"]];
  if (line.statement !== statement.statement) {
    return [
      [
        ATTESTATION,
        `is not the statement that the chain has for this session (${line.statement}): this is another copy`,
      ],
    ];
  }
  if (!isSamePlace(line, statement) || line.key !== statement.key || line.profile !== statement.profile) {
    return [[ATTESTATION, "differs from the chain's digest of this statement"]];
  }
  const earlier = chain.linesOf(statement.sessionId).slice(0, -1);
  const unknown = earlier.filter((gone) => !isVouchedFor(gone, statement.supersedes));
  return unknown.map(
    ({ sequence }) => [ATTESTATION, `does not account for statement ${sequence} of this session`] as const,
  );
}

/** Whether a list of statements that are gone has this one, at its place. */
export function isVouchedFor(gone: GoneStatement, vouched: readonly GoneStatement[]): boolean {
  return vouched.some((each) => each.statement === gone.statement && isSamePlace(each, gone));
}

function isSamePlace(
  one: Pick<GoneStatement, "sequence" | "previous">,
  other: Pick<GoneStatement, "sequence" | "previous">,
): boolean {
  return one.sequence === other.sequence && one.previous === other.previous;
}
