/** What the record does on a full disk: `node full-disk.cjs DIRECTORY`, a small file system; prints what it saw as JSON. */
import { randomBytes } from "node:crypto";
import { linkSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJournal } from "../../../src/audit/format/journal.ts";
import { createRecord } from "../../../src/audit/open/record.ts";
import { NEW_DOCUMENT, settingsIn, SUCCESS, verify } from "../../kit/record-document.ts";

const PAGE_BYTES = 4096;
const LINKED_BYTES = 20 * PAGE_BYTES;

const directory = process.argv[2] ?? "";
const ballast = join(directory, "ballast");

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Takes every free page. */
function fill(): void {
  for (let part = 0; ; part += 1) {
    try {
      writeFileSync(`${ballast}-${part}`, Buffer.alloc(PAGE_BYTES));
    } catch {
      return;
    }
  }
}

function free(): void {
  for (const name of readdirSync(directory)) if (name.startsWith("ballast")) rmSync(join(directory, name));
}

async function main(): Promise<void> {
  const accepted = { document: NEW_DOCUMENT, requestId: "request-1", plan: null };
  const options = { ...settingsIn(directory), ...accepted, randomBytes };
  const record = await createRecord(options);
  const journal = join(record.directory, "agentd/events.jsonl");
  writeFileSync(join(record.runaDirectory, "one"), randomBytes(LINKED_BYTES));
  linkSync(join(record.runaDirectory, "one"), join(record.runaDirectory, "other"));
  fill();

  let written = 0;
  const line = (): Promise<unknown> => record.journal("running", "noted", { text: "x".repeat(1000) });
  const journalError = await (async () => {
    for (;;) {
      await line();
      written += 1;
    }
  })().catch(messageOf);
  const { entries, tornBytes } = await readJournal(journal);
  const createError = await createRecord(options).catch(messageOf);
  // Room for all that sealing writes, but not for the copy of what the agent left.
  for (let part = 0; part < LINKED_BYTES / PAGE_BYTES / 2; part += 1) rmSync(`${ballast}-${part}`);
  const sealError = await record.seal(SUCCESS).catch(messageOf);
  const left = {
    records: readdirSync(join(directory, "audit/site-builder")),
    index: readdirSync(join(directory, "state/open")),
  };
  const { status: statusWhenFull } = await verify(record.directory);

  free();
  await line();
  const { excluded } = await record.seal(SUCCESS);
  const after = await readJournal(journal);
  const { status } = await verify(record.directory);
  const seen = {
    written,
    lines: entries.length,
    tornBytes,
    journalError,
    createError,
    sealError,
    left,
    statusWhenFull,
  };
  const runningLines = after.entries.filter(({ state }) => state === "running").length;
  const lastState = after.entries.at(-1)?.state;
  process.stdout.write(JSON.stringify({ ...seen, id: record.id, runningLines, lastState, excluded, status }));
}

void main();
