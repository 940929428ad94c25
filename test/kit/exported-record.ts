/** An exported record as an outsider has it, and ways to change it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { readEvidence } from "../../src/audit/chain/evidence.ts";
import { rotateKey } from "../../src/audit/chain/rotate-key.ts";
import { evidencePaths } from "../../src/audit/keys/evidence-paths.ts";
import type { OpenRecord } from "../../src/audit/open/open-record.ts";
import { exportRecord } from "../../src/audit/upkeep/export.ts";
import { placeOf, settingsIn, SUCCESS } from "./record-document.ts";
import { newRecord, temporaryDirectory } from "./record-fixture.ts";

export interface Exported {
  readonly record: OpenRecord;
  /** The unpacked archive. */
  readonly directory: string;
}

/** Exports the third of four statements; the second is a rotation of the key. */
export async function exportOne(prepare: (record: OpenRecord) => Promise<unknown>): Promise<Exported> {
  const directory = await temporaryDirectory();
  const settings = settingsIn(directory);
  await (await newRecord(settings)).seal(SUCCESS);
  await rotateKey(evidencePaths(join(directory, "state")));
  const record = await newRecord(settings);
  await prepare(record);
  await record.seal(SUCCESS);
  await (await newRecord(settings)).seal(SUCCESS);
  const archive = join(directory, "evidence.tar.gz");
  await exportRecord(placeOf(record.directory), archive, readEvidence(join(directory, "state")));
  await execa("tar", ["-xzf", archive, "-C", directory]);
  return { record, directory: join(directory, `agentd-${record.id}`) };
}

/** The blocks of commands in the README of an unpacked archive. */
export async function readmeBlocks(directory: string): Promise<string[]> {
  const readme = await readFile(join(directory, "README.txt"), "utf8");
  return readme.match(/^ {4}\S.*\n(?: {4,}.*\n)*/gm) ?? [];
}

/** Changes every byte of a file in turn, one at a time. */
export async function forEachFlip(path: string, use: (offset: number) => Promise<void>): Promise<void> {
  await execa("chmod", ["u+w", path]);
  const content = await readFile(path);
  for (let offset = 0; offset < content.length; offset += 1) {
    const changed = Buffer.from(content);
    changed[offset] = changed[offset]! ^ 1;
    await writeFile(path, changed);
    await use(offset);
  }
  await writeFile(path, content);
}

export async function writeReport(record: OpenRecord): Promise<void> {
  await writeFile(join(record.runaDirectory, "report"), "all is well\n");
}
