/**
 * What records of tests are made with; needs no vitest, so that scripts can use it too.
 */
import { basename, dirname, join } from "node:path";
import { ensureEvidence } from "../../src/audit/chain/chain-writer.ts";
import { readEvidence } from "../../src/audit/chain/evidence.ts";
import { evidencePaths } from "../../src/audit/keys/evidence-paths.ts";
import { OpenIndex } from "../../src/audit/open/open-index.ts";
import type { RecordSettings } from "../../src/audit/open/open-record.ts";
import type { RecordPlace } from "../../src/audit/read/query.ts";
import { Attester, type AttesterSettings } from "../../src/audit/seal/attest.ts";
import { sealRecord, type SealRequest } from "../../src/audit/seal/seal.ts";
import type { Verification } from "../../src/audit/verify/verification.ts";
import { verifyRecord } from "../../src/audit/verify/verify.ts";
import { type VerificationOfAll, verifyAll } from "../../src/audit/verify/verify-all.ts";
import { NO_FAILPOINTS } from "../../src/failpoints.ts";
import { type Ending, ending } from "../../src/outcome.ts";
import { acceptedDocument, type SessionDocument } from "../../src/session-document.ts";

export const NOW_MS = Date.UTC(2026, 1, 3, 4, 5, 6, 789);

/** What a test seals with when it does not care how the session ended. */
export const SUCCESS: Ending & Partial<SessionDocument> = {
  ...ending("success", { exit_code: 0 }),
  end_timestamp: "2026-02-03T04:06:00.000Z",
};

export const NEW_DOCUMENT: Omit<SessionDocument, "session_id"> = acceptedDocument({
  profile: "site-builder",
  repo_url: "https://git.example/site.git",
  ref: null,
  work_unit: "issue-42",
  trigger: "manual",
  image: "localhost/agent:latest",
  command: ["demo", "exec"],
  config_digest: "0".repeat(64),
  queued_timestamp: "2026-02-03T04:05:06.789Z",
});

/** For whom records of a test directory are attested. */
export function attesterIn(directory: string): AttesterSettings {
  return { stateDirectory: join(directory, "state"), instance: "0a1b2c3d", version: "0.0.0" };
}

/** The place of a record, by its directory. */
export function placeOf(directory: string): RecordPlace {
  return { id: basename(directory), profile: basename(dirname(directory)), directory };
}

/** What a record of a test directory turns out to be. */
export async function verify(record: string): Promise<Verification> {
  return await verifyRecord(placeOf(record), readEvidence(join(record, "../../../state")));
}

/** What all records of a test directory are, together with their chain. */
export async function verifyEverything(
  { auditRoot }: Pick<RecordSettings, "auditRoot">,
  head?: string,
): Promise<VerificationOfAll> {
  return await verifyAll({ auditRoot, stateDirectory: join(auditRoot, "../state"), head });
}

/** Seals in this thread. */
export async function sealIn(directory: string, request: SealRequest): Promise<SessionDocument> {
  const settings = attesterIn(directory);
  await ensureEvidence(evidencePaths(settings.stateDirectory));
  return await sealRecord(request, new Attester(settings));
}

export function settingsIn(directory: string, changes: Partial<RecordSettings> = {}): RecordSettings {
  return {
    auditRoot: join(directory, "audit"),
    index: new OpenIndex(join(directory, "state")),
    daemon: { pid: 1, version: "0.0.0" },
    recordLimitBytes: 16 * 2 ** 30,
    isPrivate: true,
    now: () => NOW_MS,
    seal: (request) => sealIn(directory, request),
    failpoints: NO_FAILPOINTS,
    ...changes,
  };
}
