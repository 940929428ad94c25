/**
 * What the tests of the record share: a place for records, and the tools that look at them from outside.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import type { OpenRecord } from "../../src/audit/open/open-record.ts";
import { createRecord, type CreateRecordOptions } from "../../src/audit/open/record.ts";
import { NEW_DOCUMENT, settingsIn } from "./record-document.ts";

/** A directory that is removed with the test, with anything the test leaves in it. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-audit-"));
  onTestFinished(async () => {
    // Node's own removal fails on unreadable directories and on paths beyond the system's limit.
    await execa("chmod", ["-R", "u+rwX", directory], { reject: false });
    await execa("rm", ["-rf", directory]);
  });
  return directory;
}

/** A new record in a directory of its own. */
export async function newRecord(changes: Partial<CreateRecordOptions> = {}): Promise<OpenRecord> {
  const settings = settingsIn(await temporaryDirectory());
  const accepted = { document: NEW_DOCUMENT, requestId: "request-1", plan: null };
  return await createRecord({ ...settings, ...accepted, randomBytes, ...changes });
}

/** The permission bits of a file in octal, such as `4755`. */
export async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o7777).toString(8);
}

/** What `cd RECORD && sha256sum -c SHA256SUMS` says; rejects when it does not accept the record. */
export async function sha256sumCheck(record: string): Promise<string> {
  const { stdout } = await execa("sha256sum", ["--strict", "-c", "SHA256SUMS"], {
    cwd: record,
    env: { LC_ALL: "C" },
  });
  return stdout;
}

/** Bundles a script so that plain Node runs it; returns the bundle's path. */
export async function bundle(script: URL): Promise<string> {
  const outfile = join(await temporaryDirectory(), "bundle.cjs");
  const entry = fileURLToPath(script);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20.19",
    logLevel: "error",
  });
  return outfile;
}
