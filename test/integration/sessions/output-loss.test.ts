import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { endsInMiddleOfLine } from "../../../src/sessions/run/output-loss.ts";

const LINE = "2026-02-03T04:05:06.789000000+00:00 stdout F all of it\n";

it.each([
  ["is not there", undefined, false],
  ["is empty", "", false],
  ["ends with a whole line", LINE + LINE, false],
  [
    "ends with a part of the command's line",
    `${LINE}2026-02-03T04:05:06.789000000+00:00 stdout P al\n`,
    false,
  ],
  ["ends in a text", LINE + LINE.slice(0, -4), true],
  ["ends in a timestamp", LINE + LINE.slice(0, 12), true],
])("a console log that %s", async (_, content, isCut) => {
  const directory = await mkdtemp(join(tmpdir(), "agentd-log-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "console.log");
  if (content !== undefined) await writeFile(path, content);
  expect(await endsInMiddleOfLine(path)).toBe(isCut);
});
