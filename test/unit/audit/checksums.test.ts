import { describe, expect, it } from "vitest";
import { bytePath, latin1Path, type BytePath } from "../../../src/trees/byte-path.ts";
import { formatChecksums, parseChecksums } from "../../../src/audit/checksums.ts";

const SUM = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

function sumsOf(...paths: BytePath[]): Map<BytePath, string> {
  return new Map(paths.map((path) => [path, SUM]));
}

describe("the content of SHA256SUMS", () => {
  it("is what sha256sum writes, escapes included", () => {
    const content = formatChecksums(
      sumsOf(bytePath("a b"), bytePath("c\nd"), bytePath("e\\f"), bytePath("g\r")),
    );
    expect(content.toString()).toBe(
      `${SUM}  a b\n` + `\\${SUM}  c\\nd\n` + `\\${SUM}  e\\\\f\n` + `\\${SUM}  g\\r\n`,
    );
  });

  it("is sorted by bytes", () => {
    const content = formatChecksums(
      sumsOf(bytePath("ä"), bytePath("z"), bytePath("Z"), bytePath("a/b"), bytePath("a.b")),
    );
    const paths = content
      .toString()
      .split("\n")
      .map((line) => line.slice(66));
    expect(paths).toEqual(["Z", "a.b", "a/b", "z", "ä", ""]);
  });

  it("reads back to what it was made from", () => {
    const names = ["plain", "new\nline", "back\\slash", "\\n is not a newline", "\r", "  spaces  "].map(
      bytePath,
    );
    const sums = sumsOf(...names, latin1Path(Buffer.from([0x66, 0xff, 0xfe])));
    const parsed = parseChecksums(formatChecksums(sums));
    expect(new Map([...parsed.sums].sort())).toEqual(new Map([...sums].sort()));
    expect(parsed.badLines).toEqual([]);
  });

  it.each([
    ["is empty", ""],
    ["has a sum that is too short", `${SUM.slice(1)}  name`],
    ["has no name", `${SUM}  `],
    ["names a file again", `${SUM}  first`],
  ])("is bad in a line that %s", (_, line) => {
    const parsed = parseChecksums(Buffer.from(`${SUM}  first\n${line}\n${SUM}  last\n`));
    expect(parsed.badLines).toEqual([2]);
    expect([...parsed.sums.keys()]).toEqual(["first", "last"]);
  });
});
