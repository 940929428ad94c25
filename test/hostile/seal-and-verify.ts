/**
 * Seals a record with many files below long paths, and verifies it, in a process of its own:
 * `node seal-and-verify.cjs DIRECTORY FILES PATH_BYTES`; prints what came of it as JSON.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRecord } from "../../src/audit/open/record.ts";
import { NEW_DOCUMENT, settingsIn, SUCCESS, verify } from "../kit/record-document.ts";

const [directory = "", files = "", pathBytes = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const accepted = { document: NEW_DOCUMENT, requestId: "request-1", plan: null };
  const record = await createRecord({ ...settingsIn(directory), ...accepted, randomBytes });
  // From the record's root, as the sums have it; the path is too long to be named from the root of the file system.
  const levels = Math.floor((Number(pathBytes) - "runa/123456".length) / 201);
  process.chdir(record.runaDirectory);
  for (let level = 0; level < levels; level += 1) {
    mkdirSync("d".repeat(200));
    process.chdir("d".repeat(200));
  }
  const rest = "f".repeat(Number(pathBytes) - "runa/123456".length - levels * 201);
  for (let file = 0; file < Number(files); file += 1) writeFileSync(`${rest}${100_000 + file}`, "");
  process.chdir("/");
  const { directory: place } = record;
  await record.seal(SUCCESS);
  const { status, files: sealed } = await verify(place);
  process.stdout.write(JSON.stringify({ record: place, status, files: sealed }));
}

void main();
