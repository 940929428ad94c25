/** Sealed records with the work of a session in them, in the home of an operator. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { chmod, cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureEvidence } from "../../src/audit/chain/chain-writer.ts";
import { checksumLine } from "../../src/audit/format/checksums.ts";
import { CHECKSUMS, recordPaths, WORK } from "../../src/audit/format/record-layout.ts";
import { evidencePaths } from "../../src/audit/keys/evidence-paths.ts";
import { OpenIndex } from "../../src/audit/open/open-index.ts";
import type { OpenRecord } from "../../src/audit/open/open-record.ts";
import { createRecord } from "../../src/audit/open/record.ts";
import { Attester } from "../../src/audit/seal/attest.ts";
import { sealRecord } from "../../src/audit/seal/seal.ts";
import { stagedPath } from "../../src/durable-files.ts";
import type { SessionDocument } from "../../src/session-document.ts";
import { bytePath } from "../../src/trees/byte-path.ts";
import { BUNDLE_FILE, PATCH_FILE, SUMMARY_FILE } from "../../src/work/summary.ts";
import { attesterIn, NEW_DOCUMENT, settingsIn, SUCCESS } from "./record-document.ts";

const REPOSITORY = "https://git.example/site.git";

/** An open record in the home of an operator. */
export async function makeOpenRecord(home: string): Promise<OpenRecord> {
  const stateDirectory = join(home, ".local/state/agentd");
  const attester = { ...attesterIn(home), stateDirectory };
  await ensureEvidence(evidencePaths(stateDirectory));
  return await createRecord({
    ...settingsIn(home, {
      auditRoot: join(home, ".local/state/tesserine/audit"),
      index: new OpenIndex(stateDirectory),
      now: Date.now,
      seal: (request) => sealRecord(request, new Attester(attester)),
    }),
    document: { ...NEW_DOCUMENT, repo_url: REPOSITORY },
    requestId: randomBytes(8).toString("hex"),
    plan: null,
    randomBytes,
  });
}

/**
 * Makes a sealed record.
 *
 * @param work directory with what was exported; undefined: the record has none.
 */
export async function makeWorkRecord(
  home: string,
  work: string | undefined,
  final: Partial<Omit<SessionDocument, "outcome">> = {},
): Promise<OpenRecord> {
  const record = await makeOpenRecord(home);
  await record.update({ commit: "0".repeat(40) });
  if (work !== undefined) await cp(work, join(record.directory, WORK), { recursive: true });
  const document = await record.seal({ ...SUCCESS, ...final });
  await record.retire();
  await sealWork(home, record.directory, document);
  return record;
}

/** Adds the files of `work/` to the seal, where they are not in it. */
async function sealWork(home: string, directory: string, document: SessionDocument): Promise<void> {
  const paths = recordPaths(directory);
  const sums = await readFile(paths.checksums, "latin1");
  const names = [PATCH_FILE, BUNDLE_FILE, SUMMARY_FILE].map((name) => `${WORK}/${name}`).sort();
  const lines = names.flatMap((name) => {
    if (sums.includes(`  ${name}\n`)) return [];
    try {
      const sum = createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex");
      return [checksumLine(bytePath(name), sum)];
    } catch {
      return []; // Not exported.
    }
  });
  if (lines.length === 0) return;
  const content = sums + lines.join("");
  await chmod(directory, 0o700);
  await rm(join(directory, CHECKSUMS), { force: true });
  await writeFile(paths.checksums, content, { mode: 0o400 });
  const attester = new Attester({ ...attesterIn(home), stateDirectory: join(home, ".local/state/agentd") });
  const checksumsDigest = createHash("sha256").update(content).digest("hex");
  attester.attest({ directory, document, checksumsDigest, isRepeated: true });
  await attester.sync();
  renameSync(stagedPath(paths.attestation), paths.attestation);
}
