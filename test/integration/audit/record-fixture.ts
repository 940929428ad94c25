/**
 * What the tests of the record share: a place for records, a document, and the tools that look at a record from outside.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open-record.ts";
import { createRecord, type CreateRecordOptions } from "../../../src/audit/record.ts";
import { sealRecord } from "../../../src/audit/seal.ts";
import { ending } from "../../../src/outcome.ts";
import type { SessionDocument } from "../../../src/session-document.ts";

export const NOW_MS = Date.UTC(2026, 1, 3, 4, 5, 6, 789);

/** What a test seals with when it does not care how the session ended. */
export const SUCCESS: Partial<SessionDocument> = {
  ...ending("success", { exit_code: 0 }),
  end_timestamp: "2026-02-03T04:06:00.000Z",
};

export const NEW_DOCUMENT: Omit<SessionDocument, "session_id"> = {
  schema_version: 1,
  profile: "site-builder",
  repo_url: "https://git.example/site.git",
  ref: null,
  commit: null,
  work_unit: "issue-42",
  trigger: "manual",
  image: "localhost/agent:latest",
  image_digest: null,
  config_digest: "0".repeat(64),
  queued_timestamp: "2026-02-03T04:05:06.789Z",
  start_timestamp: null,
  end_timestamp: null,
  outcome: null,
  exit_code: null,
  signal: null,
  stage: null,
  cause: null,
  peak_memory_bytes: null,
  peak_pids: null,
  cpu_seconds: null,
  scheduled_timestamp: null,
  delay_ms: null,
  warnings: [],
  excluded: [],
};

/** A directory that goes with the test, whatever the test leaves in it. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-audit-"));
  onTestFinished(async () => {
    // Node's own removal knows neither unreadable directories nor paths beyond the system's limit.
    await execa("chmod", ["-R", "u+rwX", directory], { reject: false });
    await execa("rm", ["-rf", directory]);
  });
  return directory;
}

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

/** A new record in a directory of its own. */
export async function newRecord(changes: Partial<CreateRecordOptions> = {}): Promise<OpenRecord> {
  const settings = settingsIn(await temporaryDirectory());
  return await createRecord({ ...settings, document: NEW_DOCUMENT, randomBytes, ...changes });
}

/** What `cd RECORD && sha256sum -c SHA256SUMS` says; rejects when it does not accept the record. */
export async function sha256sumCheck(record: string): Promise<string> {
  const { stdout } = await execa("sha256sum", ["--strict", "-c", "SHA256SUMS"], {
    cwd: record,
    env: { LC_ALL: "C" },
  });
  return stdout;
}

/** Bundles a script beside this file, so that plain Node runs it; returns the bundle's path. */
export async function bundle(script: string): Promise<string> {
  const outfile = join(await temporaryDirectory(), "bundle.cjs");
  const entry = fileURLToPath(new URL(script, import.meta.url));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  return outfile;
}
