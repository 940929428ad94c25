/** The search in a log, against looking at each line. */
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Fingerprints } from "../../../src/redaction/fingerprints.ts";
import { makeFingerprints } from "../../../src/redaction/make-fingerprints.ts";
import { MOST_PLACES, searchLog } from "../../../src/web/records/search-log.ts";

const TIME = "2026-01-02T03:04:05.000000000Z";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-search-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function search(lines: readonly string[], text: string, fingerprints?: Fingerprints) {
  const path = join(directory, "console.log");
  await writeFile(path, lines.map((line) => `${TIME} ${line}\n`).join(""));
  const file = await open(path);
  try {
    return await searchLog(file, { text, fingerprints, signal: new AbortController().signal });
  } finally {
    await file.close();
  }
}

/** With something to look for that is not there: the other way through. */
const prints = makeFingerprints([["TOKEN", "s3cret-value-of-a-token"]]);

it.each([undefined, prints])(
  "finds what was printed, in any case, and not the time of a line",
  async (fingerprints) => {
    const lines = ["stdout F Needle and hay", "stderr F hay", "stdout F hay NEEDLE needle", "stdout F ÄÖ"];
    expect(await search(lines, "needle", fingerprints)).toEqual({ total: 2, first: [1, 3], last: [] });
    expect((await search(lines, "2026", fingerprints)).total).toBe(0);
    expect((await search(lines, "stdout", fingerprints)).total).toBe(0);
    expect((await search(lines, "äö", fingerprints)).first).toEqual([4]);
  },
);

it.each([undefined, prints])(
  "finds a text that goes over two parts of a line, once",
  async (fingerprints) => {
    const lines = [
      "stdout P hay nee",
      "stderr F dle",
      "stdout F dle hay",
      "stdout P needle",
      "stdout F needle",
      "stdout P nee",
      "stderr P dle",
    ];
    expect(await search(lines, "needle", fingerprints)).toEqual({ total: 3, first: [1, 4, 5], last: [] });
  },
);

it("counts all lines of a log of many megabytes, and keeps the first and the last", async () => {
  const lines = Array.from({ length: 200_000 }, (_, index) =>
    index % 3 === 0
      ? `stdout P hay ${index} nee`
      : `stdout F ${index % 3 === 1 ? "dle" : "hay"} ${index} ${"x".repeat(20)}`,
  );
  const { total, first, last } = await search(lines, "needle");
  expect(total).toBe(66_667);
  expect(first).toHaveLength(MOST_PLACES);
  expect(first.slice(0, 3)).toEqual([1, 4, 7]);
  expect(last).toHaveLength(MOST_PLACES);
  expect(last.at(-1)).toBe(199_999);
});

it("does not show that a value of a credential is there", async () => {
  const lines = ["stdout F token s3cret-value-of-a-token", "stdout F s3cret"];
  expect((await search(lines, "value-of", prints)).total).toBe(0);
  expect((await search(lines, "[token]", prints)).first).toEqual([1]);
});
