/**
 * What records of tests are made with; needs no vitest, so that scripts can use it too.
 */
import { join } from "node:path";
import type { RecordSettings } from "../../../src/audit/open-record.ts";
import { sealRecord } from "../../../src/audit/seal.ts";
import { ending, type Ending } from "../../../src/outcome.ts";
import { acceptedDocument, type SessionDocument } from "../../../src/session-document.ts";

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
  config_digest: "0".repeat(64),
  queued_timestamp: "2026-02-03T04:05:06.789Z",
});

export function settingsIn(directory: string, changes: Partial<RecordSettings> = {}): RecordSettings {
  return {
    auditRoot: join(directory, "audit"),
    openDirectory: join(directory, "open"),
    recordLimitBytes: 16 * 2 ** 30,
    isPrivate: true,
    now: () => NOW_MS,
    seal: sealRecord,
    ...changes,
  };
}
