import { describe, expect, it } from "vitest";
import { printable, printableLines } from "../../../src/cli/printable.ts";
import { renderTable } from "../../../src/cli/table.ts";
import { ageText, spanText } from "../../../src/cli/time-text.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("a span of time", () => {
  it.each([
    [-5, "0.0 s", "0 s"],
    [0, "0.0 s", "0 s"],
    [1234, "1.2 s", "1 s"],
    [9.999 * SECOND, "10.0 s", "9 s"],
    [59_999, "59 s", "59 s"],
    [MINUTE, "1 min", "1 min"],
    [3 * MINUTE + 5 * SECOND, "3 min 5 s", "3 min"],
    [HOUR - 1, "59 min 59 s", "59 min"],
    [2 * HOUR + 10 * MINUTE, "2 h 10 min", "2 h"],
    [DAY, "1 d", "1 d"],
    [400 * DAY + 3 * HOUR, "400 d 3 h", "400 d"],
  ])("of %d ms is told as %s, or as an age of %s", (ms, span, age) => {
    expect([spanText(ms), ageText(ms)]).toEqual([span, age]);
  });
});

describe("text from users", () => {
  it.each([
    ["plain äöü 日本 👍", "plain äöü 日本 👍"],
    ["\x1b[2J\x07", "\\x1b[2J\\x07"],
    ["a\nb\tc\r", "a\\x0ab\\x09c\\x0d"],
    ["\x7f\x9b", "\\x7f\\x9b"],
    ["\u202egnp.exe", "\\u{202e}gnp.exe"],
    ["\u2028\u{e0001}", "\\u{2028}\\u{e0001}"],
    ["\ud800", "\\u{d800}"],
  ])("is printed without what could move the cursor: %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("keeps its lines where there may be several", () => {
    expect(printableLines("a\n\x1bb")).toBe("a\n\\x1bb");
  });
});

describe("a table", () => {
  it("aligns its columns and leaves no space at a line's end", () => {
    expect(
      renderTable(
        ["A", "LONG HEADER", "C"],
        [
          ["a long cell", "b", ""],
          ["ä", "b", "c"],
        ],
      ),
    ).toBe(["A            LONG HEADER  C", "a long cell  b", "ä            b            c"].join("\n"));
  });

  it("is its headers when there are no rows", () => {
    expect(renderTable(["A", "B"], [])).toBe("A  B");
  });

  it("stays a table whatever the cells say", () => {
    expect(renderTable(["A", "B"], [["x\ny", "\x1b[31m"]])).toBe("A       B\nx\\x0ay  \\x1b[31m");
  });
});
