/** Takes the record that came from a node into that of the session. */
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { recordPaths } from "../audit/format/record-layout.ts";
import { type NodeRecord, verifyNodeRecord } from "../audit/verify/verify-node.ts";
import { stagedPath, syncDirectory } from "../durable-files.ts";
import { ifThere, isThere } from "../if-there.ts";
import { unpackRecord } from "../placement/record/archive.ts";
import { redactionsPath } from "../redaction/redactions.ts";
import { removeTree } from "../trees/remove-tree.ts";
import { completeLog } from "./complete-log.ts";
import type { KeptRun } from "./kept-runs.ts";

export interface Collected {
  readonly run: KeptRun;
  /** The archive that came. */
  readonly archive: string;
  /** Of the claim: SPKI in DER, base64. */
  readonly sealKey: string;
}

/**
 * Unpacks and verifies it, keeps it as it is in the record's `node/`, and copies what has its place elsewhere: what the
 * session printed, and its `.runa`. May be called again.
 *
 * @throws AgentdError `record_altered`: then nothing of it is in the record. Error when it cannot be written.
 */
export async function collectNodeRecord({ run, archive, sealKey }: Collected): Promise<NodeRecord> {
  const claim = { sessionId: run.session, sealKey };
  if (!(await isThere(run.node))) {
    const next = stagedPath(run.node);
    await removeTree(next);
    await mkdir(next, { mode: 0o700 });
    try {
      await unpackRecord(archive, next);
      await verifyNodeRecord(next, claim);
    } catch (error) {
      await removeTree(next);
      throw error;
    }
    await rename(next, run.node);
    await syncDirectory(dirname(run.node));
  }
  const record = await verifyNodeRecord(run.node, claim);
  const node = recordPaths(run.node);
  // The list first: it tells whoever follows the log why another takes its place.
  await copyInPlace(redactionsPath(node.console), redactionsPath(run.console));
  if (!(await completeLog(node.console, run.console))) await copyInPlace(node.console, run.console);
  await copyTree(node.runa, run.runa);
  return record;
}

/** Copies the work, or what else a directory of the node's record has; one that is missing is fine. */
export async function copyTree(from: string | Buffer, to: string | Buffer): Promise<void> {
  const entries = (await ifThere(readdir(from, { withFileTypes: true, encoding: "buffer" }))) ?? [];
  if (entries.length > 0) await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of entries) {
    const [source, target] = [below(from, entry.name), below(to, entry.name)];
    // Verified: it has directories and files alone.
    if (entry.isDirectory()) await copyTree(source, target);
    else await copyFile(source, target, constants.COPYFILE_FICLONE);
  }
}

async function copyInPlace(from: string, to: string): Promise<void> {
  if (!(await isThere(from))) return;
  const staged = stagedPath(to);
  await rm(staged, { force: true });
  await copyFile(from, staged, constants.COPYFILE_FICLONE);
  await rename(staged, to);
}

function below(directory: string | Buffer, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(directory), Buffer.from("/"), name]);
}
