/** Reading the statement of a session, with which a record and the chain are compared. */
import * as z from "zod";
import { CHECKSUMS } from "./record-layout.ts";
import { type GoneStatement, SESSION_PREDICATE, STATEMENT_TYPE, type StatementPlace } from "./statement.ts";

const digest = z.object({ sha256: z.string() });

const placeSchema = { agentd_sequence: z.int(), agentd_previous: digest.nullable() };

const sessionSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.tuple([z.object({ name: z.literal(CHECKSUMS), digest })]),
  predicateType: z.literal(SESSION_PREDICATE),
  predicate: z.object({
    ...placeSchema,
    runDetails: z.object({ metadata: z.object({ invocationId: z.string() }) }),
    agentd_supersedes: z.array(
      z.object({ sequence: z.int(), previous: z.string().nullable(), statement: z.string() }),
    ),
  }),
});

const goneSchema = z.object({
  name: z.string(),
  digest,
  annotations: z.object({ sequence: z.int(), previous: z.string().nullable() }),
});

/** Of a key, a pruning or a note, as far as the chain has to agree with it. */
const otherSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.object({ digest })),
  predicateType: z.string(),
  predicate: z.object({ ...placeSchema, public_key: z.string().optional() }),
});

const noteSchema = z.object({
  subject: z.tuple([z.object({ name: z.string(), digest })]),
  predicate: z.object({ note: z.record(z.string(), z.unknown()) }),
});

export interface SessionStatement extends StatementPlace {
  readonly sessionId: string;
  /** SHA-256 of `SHA256SUMS`, in hex. */
  readonly checksumsDigest: string;
  readonly supersedes: readonly GoneStatement[];
}

/** The statement of a record that was removed. */
export interface PrunedStatement extends GoneStatement {
  /** Profile and session id, with a slash between. */
  readonly name: string;
}

/** A statement that is in the chain itself. */
export interface ChainStatement extends StatementPlace {
  readonly predicateType: string;
  /** For a rotation: the next key as PEM. */
  readonly publicKey: string | undefined;
  /** For a pruning: what was removed. */
  readonly pruned: readonly PrunedStatement[];
  /** For a note: what it is about, the SHA-256 of its line in hex, and what it says. */
  readonly note: { readonly name: string; readonly digest: string; readonly value: object } | undefined;
}

/** The statement of a session; undefined when it is not one. */
export function readSessionStatement(payload: Buffer): SessionStatement | undefined {
  const { success, data } = sessionSchema.safeParse(parseJson(payload));
  if (!success) return undefined;
  const { subject, predicate } = data;
  return {
    ...placeOf(predicate),
    sessionId: predicate.runDetails.metadata.invocationId,
    checksumsDigest: subject[0].digest.sha256,
    supersedes: predicate.agentd_supersedes,
  };
}

/** A rotation, a pruning or a note; undefined when it is neither. */
export function readChainStatement(payload: Buffer): ChainStatement | undefined {
  const json = parseJson(payload);
  const { success, data } = otherSchema.safeParse(json);
  if (!success) return undefined;
  const gone = z.object({ subject: z.array(goneSchema) }).safeParse(json).data?.subject ?? [];
  const note = noteSchema.safeParse(json).data;
  return {
    ...placeOf(data.predicate),
    predicateType: data.predicateType,
    note: note && {
      name: note.subject[0].name,
      digest: note.subject[0].digest.sha256,
      // As it was signed: the schema may have put its keys into another order.
      value: (json as { predicate: { note: object } }).predicate.note,
    },
    publicKey: data.predicate.public_key,
    pruned: gone.map(({ name, digest: { sha256 }, annotations }) => ({
      name,
      ...annotations,
      statement: sha256,
    })),
  };
}

function placeOf(predicate: {
  agentd_sequence: number;
  agentd_previous: { sha256: string } | null;
}): StatementPlace {
  return {
    sequence: predicate.agentd_sequence,
    previous: predicate.agentd_previous?.sha256 ?? null,
  };
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch {
    // Then it is not a statement.
    return undefined;
  }
}
