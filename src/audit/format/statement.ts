/**
 * What is signed: in-toto Statements v1, one for each sealed record, each note about one, each rotation of the key and each
 * pruning. Names, digests and notes only; never the value of a credential.
 */
import { createHash, type KeyObject } from "node:crypto";
import type { SessionDocument } from "../../session-document.ts";
import { pemOf } from "../keys/public-key.ts";
import { formatNote, type Note } from "./note.ts";
import { CHECKSUMS, NOTES_PATH } from "./record-layout.ts";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const SESSION_PREDICATE = "https://slsa.dev/provenance/v1";
export const KEY_PREDICATE = "urn:agentd:key:v1";
export const PRUNE_PREDICATE = "urn:agentd:prune:v1";
export const NOTE_PREDICATE = "urn:agentd:note:v1";
const SESSION_BUILD = "urn:agentd:session:v1";

/** The position of a statement in the chain of its instance. */
export interface StatementPlace {
  /** From 0, without a gap. */
  readonly sequence: number;
  /** SHA-256 of the statement before it, in hex; null for the first. */
  readonly previous: string | null;
}

/** A statement that no longer exists, as a later one records it. */
export interface GoneStatement extends StatementPlace {
  /** SHA-256 of the statement, in hex. */
  readonly statement: string;
}

/** The source of these statements. */
export interface Builder {
  /** The instance: 8 hex digits. */
  readonly instance: string;
  /** Version of agentd. */
  readonly version: string;
}

export interface SessionStatementParts {
  readonly document: SessionDocument;
  /** SHA-256 of `SHA256SUMS`, in hex. */
  readonly checksumsDigest: string;
  readonly builder: Builder;
  readonly place: StatementPlace;
  /** Statements of this session whose seals were cut short. */
  readonly supersedes: readonly GoneStatement[];
}

/** The statement of a sealed record: SLSA provenance v1 of what its `SHA256SUMS` covers. */
export function sessionStatement({
  document,
  checksumsDigest,
  builder,
  place,
  supersedes,
}: SessionStatementParts): Buffer {
  return statement([{ name: CHECKSUMS, digest: { sha256: checksumsDigest } }], SESSION_PREDICATE, {
    buildDefinition: {
      buildType: SESSION_BUILD,
      externalParameters: {
        profile: document.profile,
        repository: document.repo_url,
        workspace: document.workspace,
        directory: document.directory,
        ref: document.ref,
        work_unit: document.work_unit,
        image: document.image,
        trigger: document.trigger,
        scheduled_timestamp: document.scheduled_timestamp,
        schedule_name: document.schedule_name,
        retry_of: document.retry_of,
        after_session: document.after_session,
        webhook_name: document.webhook_name,
        webhook_delivery: document.webhook_delivery,
      },
      internalParameters: { config_digest: { sha256: document.config_digest } },
      resolvedDependencies: dependencies(document),
    },
    runDetails: {
      builder: { id: `urn:agentd:instance:${builder.instance}`, version: { agentd: builder.version } },
      metadata: {
        invocationId: document.session_id,
        startedOn: document.start_timestamp ?? undefined,
        finishedOn: document.end_timestamp ?? undefined,
      },
    },
    agentd_outcome: document.outcome,
    agentd_exitCode: document.exit_code,
    agentd_signal: document.signal,
    agentd_stage: document.stage,
    ...(document.placement === null ? {} : { agentd_placement: document.placement }),
    ...placeFields(place),
    agentd_supersedes: supersedes,
  });
}

/** The statement with which one key hands over to the next. */
export function keyStatement(
  next: { readonly id: string; readonly publicKey: KeyObject },
  place: StatementPlace,
): Buffer {
  return statement([{ name: "signing key", digest: { sha256: next.id } }], KEY_PREDICATE, {
    public_key: pemOf(next.publicKey),
    ...placeFields(place),
  });
}

/** The statement that keeps the digests of records that are removed. */
export function pruneStatement(
  records: readonly (GoneStatement & { readonly session_id: string; readonly profile: string })[],
  place: StatementPlace,
): Buffer {
  const subject = records.map(({ profile, session_id, statement, sequence, previous }) => ({
    name: `${profile}/${session_id}`,
    digest: { sha256: statement },
    annotations: { sequence, previous },
  }));
  return statement(subject, PRUNE_PREDICATE, placeFields(place));
}

/** The statement of a note about a sealed record. */
export function noteStatement(
  { profile, id }: { readonly profile: string; readonly id: string },
  note: Note,
  place: StatementPlace,
): Buffer {
  const subject = [{ name: noteName(profile, id), digest: { sha256: sha256(formatNote(note)) } }];
  return statement(subject, NOTE_PREDICATE, { note, ...placeFields(place) });
}

/** The subject of such a statement. */
export function noteName(profile: string, sessionId: string): string {
  return `${profile}/${sessionId}/${NOTES_PATH}`;
}

/** SHA-256 in hex. */
export function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function dependencies(document: SessionDocument): object[] {
  const { repo_url, commit, image, image_digest, methodology_digest } = document;
  return [
    ...(commit === null || repo_url === null
      ? []
      : [{ name: "repository", uri: `git+${repo_url}`, digest: { gitCommit: commit } }]),
    ...(image_digest === null
      ? []
      : [{ name: "image", uri: image, digest: { sha256: image_digest.replace(/^sha256:/, "") } }]),
    ...(methodology_digest === null ? [] : [{ name: "methodology", digest: { sha256: methodology_digest } }]),
  ];
}

function placeFields({ sequence, previous }: StatementPlace): object {
  return {
    agentd_sequence: sequence,
    agentd_previous: previous === null ? null : { sha256: previous },
  };
}

function statement(subject: readonly object[], predicateType: string, predicate: object): Buffer {
  return Buffer.from(JSON.stringify({ _type: STATEMENT_TYPE, subject, predicateType, predicate }));
}
