import { describe, expect, it } from "vitest";
import { progressText } from "../../../src/cli/attend/progress.ts";
import { Output } from "../../../src/cli/terminal/output.ts";
import { printable, printableLines } from "../../../src/cli/terminal/printable.ts";
import { renderTable } from "../../../src/cli/terminal/table.ts";
import { sizeText } from "../../../src/cli/words/size-text.ts";
import { ageText, spanText } from "../../../src/cli/words/time-text.ts";
import { view } from "../../kit/small-daemon.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("a span of time", () => {
  it.each([
    [-5, "0 ms", "0 s"],
    [0, "0 ms", "0 s"],
    [42.7, "42 ms", "0 s"],
    [99.9, "99 ms", "0 s"],
    [100, "0.1 s", "0 s"],
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

describe("a size", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [20 * 1024 ** 2, "20 MiB"],
    [5000 * 1024 ** 4, "5000 TiB"],
  ])("of %d bytes is told as %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});

describe("an output", () => {
  const stream = { isTTY: true, columns: 100, on: () => undefined, write: () => true };

  it.each([
    ["a terminal", stream, {}, true],
    ["a terminal of somebody who wants none", stream, { NO_COLOR: "1" }, false],
    ["a terminal, with NO_COLOR empty", stream, { NO_COLOR: "" }, true],
    ["a terminal that knows none", stream, { TERM: "dumb" }, false],
    ["a file", { ...stream, isTTY: false }, {}, false],
  ])("has colours as is right for %s", (_what, target, env, hasColours) => {
    expect(new Output(target, env).hasColours).toBe(hasColours);
  });

  it("has a width only when it is a terminal", () => {
    expect(new Output(stream).columns).toBe(100);
    expect(new Output({ ...stream, isTTY: false }).columns).toBeUndefined();
  });
});

describe("the progress of a session", () => {
  const NOW = Date.parse("2026-01-02T03:04:17Z");

  it.each([
    [{ state: "queued", position: 2, reason: "all are taken" }, "agentd: queued #2 for 12 s: all are taken"],
    [
      { state: "preparing", reason: "cloning https://x\x1b" },
      "agentd: preparing for 12 s: cloning https://x\\x1b",
    ],
    [{ state: "preparing" }, "agentd: preparing for 12 s"],
    [{ state: "running" }, undefined],
    [{ state: "sealed" }, undefined],
  ] as const)("of %o is told as %j", (fields, text) => {
    expect(progressText(view(fields), NOW)).toBe(text);
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

  it.each([
    ["日本語", 6],
    ["한국어", 6],
    ["🐛 fix", 6],
    ["🇯🇵", 2],
    ["👍🏽", 2],
    ["e\u0301te\u0301", 3],
    ["plain", 5],
  ])("counts %s as %d columns", (text, width) => {
    const [, row = ""] = renderTable(["A", "B"], [[text, "end"]]).split("\n");
    expect(row).toBe(`${text}  end`);
    const [header = ""] = renderTable(["A", "B"], [[text, "end"]]).split("\n");
    expect(header).toBe(`A${" ".repeat(width + 1)}B`);
  });

  it("is shortened between wide characters, and never wider than the terminal", () => {
    const text = renderTable(["ID", "WORK UNIT"], [["1", "日本語の長い名前 🐛🐛🐛"]], { columns: 14 });
    expect(text).toBe("ID  WORK UNIT\n1   日本語の…");
    expect(
      renderTable(["ID", "A", "B"], [["1", "日本語の長い名前", "x"]], { columns: 16 }).split("\n"),
    ).toEqual(["ID  A          B", "1   日本語の…  x"]);
  });

  it("is shortened to a terminal's width, the widest columns first and never the first one", () => {
    const rows = [["0198f2a4c6e81234", "a work unit", "https://example.org/a/long/path.git"]];
    expect(renderTable(["SESSION", "WORK UNIT", "REPOSITORY"], rows, { columns: 50 })).toBe(
      "SESSION           WORK UNIT    REPOSITORY\n0198f2a4c6e81234  a work unit  https://example.or…",
    );
    const narrow = renderTable(["SESSION", "WORK UNIT", "REPOSITORY"], rows, { columns: 10 });
    expect(narrow).toBe("SESSION           WORK UN…  REPOSIT…\n0198f2a4c6e81234  a work …  https:/…");
  });

  it("shortens the column that gives way before any other, and leaves it out where little of it would be left", () => {
    const rows = [["e81234", "a work unit that is long", "https://example.org/a/long/path.git", "why"]];
    const render = (columns: number) =>
      renderTable(
        ["SESSION", "WORK UNIT", "REPOSITORY", "REASON"],
        rows,
        { columns },
        { givesWay: "REPOSITORY" },
      );
    expect(render(100).split("\n")[1]).toBe(
      "e81234   a work unit that is long  https://example.org/a/long/path.git  why",
    );
    expect(render(61).split("\n")[1]).toBe("e81234   a work unit that is long  https://example.o…  why");
    expect(render(58)).toBe(
      "SESSION  WORK UNIT                 REASON\ne81234   a work unit that is long  why",
    );
    expect(render(30)).toBe("SESSION  WORK UNIT      REASON\ne81234   a work unit …  why");
  });

  it("has colours where its output has them, and is aligned all the same", () => {
    const rows = [
      [{ text: "ok", colour: "green" } as const, "x"],
      [{ text: "failed", colour: "red" } as const, "y"],
    ];
    expect(renderTable(["A", "B"], rows, { hasColours: true })).toBe(
      "A       B\n\x1b[32mok\x1b[39m      x\n\x1b[31mfailed\x1b[39m  y",
    );
    expect(renderTable(["A", "B"], rows)).toBe("A       B\nok      x\nfailed  y");
  });

  it("is its headers when there are no rows", () => {
    expect(renderTable(["A", "B"], [])).toBe("A  B");
  });

  it("stays a table whatever the cells say", () => {
    expect(renderTable(["A", "B"], [["x\ny", "\x1b[31m"]])).toBe("A       B\nx\\x0ay  \\x1b[31m");
  });
});
