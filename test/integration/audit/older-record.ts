/** A record as versions before `excluded_count` sealed it: in place, with its links and empty directories. */
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { ensureEvidence } from "../../../src/audit/chain/chain-writer.ts";
import { recordPaths } from "../../../src/audit/format/record-layout.ts";
import { sha256 } from "../../../src/audit/format/statement.ts";
import { evidencePaths } from "../../../src/audit/keys/evidence-paths.ts";
import { Attester } from "../../../src/audit/seal/attest.ts";
import { attesterIn, SUCCESS } from "../../kit/record-document.ts";
import { newRecord } from "../../kit/record-fixture.ts";

/** The files that its seal covers. */
const FILES = ["agentd/events.jsonl", "agentd/session.json", "runa/a.b", "runa/a/report"];

/**
 * Makes one, writable for whoever tampers with it.
 *
 * @returns its directory.
 */
export async function olderRecord(): Promise<string> {
  const record = await newRecord();
  const { directory, runaDirectory: runa } = record;
  const paths = recordPaths(directory);
  await mkdir(join(runa, "a"));
  await mkdir(join(runa, "empty/deep"), { recursive: true });
  await writeFile(join(runa, "a/report"), "all is well\n");
  await writeFile(join(runa, "a.b"), "sorts before what is in a\n");
  await symlink("report", join(runa, "link"));
  await record.journal("sealed");
  const excluded = [{ path: "runa/link", reason: "symbolic link to report" }];
  const { excluded_count: _later, ...document } = { ...record.document, ...SUCCESS, excluded };
  await writeFile(paths.session, JSON.stringify(document));
  const { stdout } = await execa("sha256sum", FILES, { cwd: directory });
  await writeFile(paths.checksums, `${stdout}\n`);

  const settings = attesterIn(join(directory, "../../.."));
  await ensureEvidence(evidencePaths(settings.stateDirectory));
  const attester = new Attester(settings);
  attester.attest({
    directory,
    document: { ...document, excluded_count: null },
    checksumsDigest: sha256(await readFile(paths.checksums)),
    isRepeated: false,
  });
  await attester.sync();
  await rename(`${paths.attestation}.next`, paths.attestation);
  await record.retire();
  return directory;
}
