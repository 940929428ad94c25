import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Checksum,
  ChecksumLines,
  readChecksums,
  writeChecksums,
} from "../../../src/audit/format/checksums.ts";
import { type BytePath, bytePath, latin1Path } from "../../../src/trees/byte-path.ts";

const SUM = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "agentd-sums-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What is written for these paths, and its digest, with so many bytes in memory at most. */
function written(paths: readonly BytePath[], chunkBytes?: number): { content: Buffer; digest: string } {
  using lines = new ChecksumLines(() => openSync(join(directory, "waiting"), "w+"), chunkBytes);
  for (const path of paths) lines.add(path, SUM);
  const file = openSync(join(directory, "SHA256SUMS"), "w");
  try {
    const digest = writeChecksums(file, lines.chunks());
    return { content: readFileSync(join(directory, "SHA256SUMS")), digest };
  } finally {
    closeSync(file);
  }
}

function read(content: Buffer | string, chunkBytes?: number): Checksum[] {
  writeFileSync(join(directory, "read"), content);
  const file = openSync(join(directory, "read"), "r");
  try {
    return [...readChecksums(file, undefined, chunkBytes)];
  } finally {
    closeSync(file);
  }
}

describe("the content of SHA256SUMS", () => {
  it("is what sha256sum writes, escapes included", () => {
    const { content } = written(["a b", "c\nd", "e\\f", "g\r"].map(bytePath));
    expect(content.toString()).toBe(
      `${SUM}  a b\n` + `\\${SUM}  c\\nd\n` + `\\${SUM}  e\\\\f\n` + `\\${SUM}  g\\r\n`,
    );
  });

  it.each([1, 64, 1000, undefined])("is the same with %s bytes at once, written and read", (chunkBytes) => {
    const names = ["plain", "new\nline", "back\\slash", "\\n is not a newline", "\r", "  spaces  "];
    const paths = [...names.map(bytePath), latin1Path(Buffer.from([0x66, 0xff, 0xfe]))];
    const { content, digest } = written(paths, chunkBytes);
    expect(content).toEqual(written(paths).content);
    expect(digest).toBe(createHash("sha256").update(content).digest("hex"));
    expect(read(content, chunkBytes)).toEqual(
      paths.map((path, index) => ({ line: index + 1, path, sum: SUM })),
    );
  });

  it.each([
    ["is empty", ""],
    ["has a sum that is too short", `${SUM.slice(1)}  name`],
    ["has no name", `${SUM}  `],
    ["is longer than any path", `${SUM}  ${"x".repeat(100_000)}`],
  ])("says nothing in a line that %s", (_, line) => {
    const lines = read(`${SUM}  first\n${line}\n${SUM}  last\n`, 1000);
    expect(lines.map(({ line: number, path }) => [number, path])).toEqual([
      [1, "first"],
      [2, undefined],
      [3, "last"],
    ]);
  });

  it("says nothing in its only line when it is empty, and something in a last line without an end", () => {
    expect(read("")).toEqual([{ line: 1 }]);
    expect(read(`${SUM}  last`)).toEqual([{ line: 1, path: "last", sum: SUM }]);
  });
});
