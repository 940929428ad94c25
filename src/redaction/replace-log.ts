/**
 * Replaces a finished console log by one without the values of credentials. A file beside it says where which bytes were
 * replaced, so that an offset in the original still leads to its place.
 */
import { createHash } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { commitFile, stageFile, syncDirectory } from "../durable-files.ts";
import { ifThere } from "../if-there.ts";
import { openRegularFile, readRegularFile } from "../regular-file.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { findInLog, writeWithout } from "./redact-log.ts";
import type { Redactions } from "./redactions.ts";
import { redactionsPath } from "./redactions.ts";

/** A list of every replacement in the longest log that is read at all. */
const MOST_LIST_BYTES = 1024 * 1024 * 1024;

/** Where the new log is written before it takes the place of the old one. */
const stagedLog = (log: string): string => `${log}.redacted`;

/**
 * Replaces the values in a log. Nothing but the log and the list of what was replaced stays, also when it is called again
 * after it was cut short anywhere.
 *
 * @param isWanted whether the log itself is changed; else it is only looked into.
 * @returns how many values it has, or had.
 */
export async function replaceInLog(log: string, prints: Fingerprints, isWanted: boolean): Promise<number> {
  await rm(stagedLog(log), { force: true });
  const done = await redactionsDone(log);
  if (done !== undefined) return done.values;
  if (prints.forms.length === 0) return 0;
  const found = await ifThere(findInLog(log, prints));
  if (found === undefined || found.values === 0 || !isWanted) return found?.values ?? 0;
  const { bytes, sha256 } = await writeWithout(log, stagedLog(log), found);
  const list: Redactions = {
    version: 1,
    values: found.values,
    original_bytes: found.bytes,
    bytes,
    sha256,
    replaced: found.replaced.map(({ offset, bytes: were, by }) => [offset, were, by.length]),
  };
  // The list first: it says by the digest whether the log is the new one.
  await stageFile(redactionsPath(log), JSON.stringify(list));
  await commitFile(redactionsPath(log));
  await rename(stagedLog(log), log);
  await syncDirectory(dirname(log));
  return found.values;
}

/** What an earlier attempt has done, if it came to its end. */
async function redactionsDone(log: string): Promise<Redactions | undefined> {
  const text = await ifThere(readRegularFile(redactionsPath(log), MOST_LIST_BYTES));
  if (text === undefined) return undefined;
  const list = JSON.parse(text.toString("utf8")) as Redactions;
  const hash = createHash("sha256");
  const file = await openRegularFile(log);
  try {
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
  } finally {
    await file.close();
  }
  return hash.digest("hex") === list.sha256 ? list : undefined;
}
