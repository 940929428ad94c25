import { describe, expect, it } from "vitest";
import { bytePath, fsPath, latin1Path, shownPath } from "../../../src/trees/byte-path.ts";

describe("a path as bytes", () => {
  it("keeps every byte there is", () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect(fsPath(latin1Path(all))).toEqual(all);
  });

  it("sorts as its bytes do", () => {
    const [umlaut, emoji, letter] = ["ä", "😀", "z"].map(bytePath);
    expect([emoji, umlaut, letter].sort()).toEqual([letter, umlaut, emoji]);
  });
});

describe("a shown path", () => {
  it.each(["runa/report.txt", "runa/Zähler 😀.txt", "runa/日本語"])("shows %s as it is", (text) => {
    expect(shownPath(bytePath(text))).toBe(text);
  });

  it.each([
    ["a newline", Buffer.from("a\nb"), "a\\x0ab"],
    ["an escape sequence", Buffer.from("\u001b[31m"), "\\x1b[31m"],
    ["a control character beyond ASCII", Buffer.from("\u009b31m"), "\\xc2\\x9b31m"],
    ["a backslash", Buffer.from("a\\x0ab"), "a\\x5cx0ab"],
    ["bytes that are no UTF-8", Buffer.from([0x66, 0xff, 0xfe]), "f\\xff\\xfe"],
    ["UTF-8 that is cut short", Buffer.from([0x66, 0xe2, 0x82]), "f\\xe2\\x82"],
    ["an overlong form", Buffer.from([0xc0, 0xaf]), "\\xc0\\xaf"],
    ["a surrogate", Buffer.from([0xed, 0xa0, 0x80]), "\\xed\\xa0\\x80"],
  ])("shows %s as numbers", (_, content, shown) => {
    expect(shownPath(latin1Path(content))).toBe(shown);
  });
});
