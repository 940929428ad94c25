/**
 * The layout of a record, `<audit_root>/<profile>/<session_id>/`, and the form of its document.
 */
import { join } from "node:path";
import type { SessionDocument } from "../../session-document.ts";
import { bytePath } from "../../trees/byte-path.ts";

/** What the agent wrote: the only part of a record that is ever mounted. */
export const RUNA = "runa";
/** What agentd wrote. */
export const AGENTD = "agentd";
/** What agentd copied of the files that the profile names. */
export const ARTIFACTS = "artifacts";
/** The record that a node has sealed of the session that ran there, as it came. */
export const NODE = "node";
/** What agentd exported of the agent's work. */
export const WORK = "work";
/**
 * The trees that agentd writes and no container ever has: they are sealed where they are. Any but the first may be
 * missing.
 */
export const OWN_TREES: readonly string[] = [AGENTD, ARTIFACTS, NODE, WORK];
/** The journal, from the record's root. */
export const JOURNAL_PATH = bytePath(`${AGENTD}/events.jsonl`);
/** `session.json`, from the record's root. */
export const SESSION_PATH = bytePath(`${AGENTD}/session.json`);
/** What happened after the seal, from the record's root. The seal does not cover it, and the chain does. */
export const NOTES_PATH = bytePath(`${AGENTD}/after.jsonl`);
export const CHECKSUMS = "SHA256SUMS";
export const ATTESTATION = "attestation.sigstore.json";

export interface RecordPaths {
  readonly directory: string;
  readonly runa: string;
  readonly work: string;
  readonly artifacts: string;
  /** The record of the node on which the session ran; missing where that was this host. */
  readonly node: string;
  readonly agentd: string;
  /** What the operator gave to the session; missing when that was nothing. */
  readonly input: string;
  /** The artifact that the operator gave for the methodology, as it was given; missing without one. */
  readonly artifact: string;
  readonly session: string;
  readonly journal: string;
  readonly console: string;
  /** The connections of a session with an allowlist; missing without one. */
  readonly egress: string;
  /** The requests to language models; missing where the session used no gateway for them. */
  readonly llm: string;
  /** Who has claimed the session, and who was refused; missing where it ran on this host. */
  readonly claims: string;
  /** What happened after the seal; missing where nothing did. */
  readonly notes: string;
  readonly checksums: string;
  readonly attestation: string;
}

export function recordPaths(directory: string): RecordPaths {
  const agentd = join(directory, AGENTD);
  return {
    directory,
    runa: join(directory, RUNA),
    work: join(directory, WORK),
    artifacts: join(directory, ARTIFACTS),
    node: join(directory, NODE),
    agentd,
    input: join(agentd, "input"),
    artifact: join(agentd, "artifact"),
    session: join(agentd, "session.json"),
    journal: join(agentd, "events.jsonl"),
    console: join(agentd, "console.log"),
    egress: join(agentd, "egress.jsonl"),
    llm: join(agentd, "llm.jsonl"),
    claims: join(agentd, "claims.jsonl"),
    notes: join(agentd, "after.jsonl"),
    checksums: join(directory, CHECKSUMS),
    attestation: join(directory, ATTESTATION),
  };
}

/** The bytes of `session.json`. */
export function formatDocument(document: SessionDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
