import { describe, expect, it } from "vitest";
import { TerminalFilter } from "../../../src/cli/terminal/terminal-filter.ts";
import { TerminalLine } from "../../../src/cli/terminal/terminal-line.ts";

/** What is passed of bytes that arrive in these chunks, and what it leaves behind. */
function filtered(...chunks: readonly (string | Buffer)[]): { text: string; line: TerminalLine } {
  const line = new TerminalLine();
  const filter = new TerminalFilter(line);
  const passed = chunks.map((chunk) => filter.filter(Buffer.from(chunk)));
  return { text: Buffer.concat(passed).toString("latin1"), line };
}

const bytes = (text: string): string => Buffer.from(text).toString("latin1");

const PASSED: readonly [what: string, text: string][] = [
  ["text and its layout", "one\ttwo\r\nthree\b\n"],
  ["text in UTF-8", "äöü 日本 👍 é\u00a0\uffff\n"],
  ["colours", "\x1b[1;31mred\x1b[0m \x1b[38;5;208morange\x1b[m \x1b[38:2::1:2:3mtrue\x1b[39;49m"],
];

const DROPPED: readonly [what: string, text: string | Buffer][] = [
  ["a title, ended by BEL", "\x1b]0;pwned\x07"],
  ["a title, ended by ST", "\x1b]2;pwned \u201c\x1b\\"],
  ["a write to the clipboard", "\x1b]52;c;cm0gLXJmIH4=\x07"],
  ["the beginning of a hyperlink", "\x1b]8;;file:///etc/passwd\x1b\\"],
  ["a device control string", "\x1bP+q544e\x1b\\"],
  ["an application command", "\x1b_Gi=1;AAAA\x1b\\"],
  ["a privacy message and a start of string", "\x1b^x\x1b\\\x1bXy\x1b\\"],
  ["cursor movements and erasing", "\x1b[2J\x1b[H\x1b[10;20H\x1b[1A\x1b[K\x1b[?1049h"],
  ["hiding the cursor", "\x1b[?25l"],
  ["reports that a terminal types", "\x1b[6n\x1b[c\x1b[>c\x1b[21t\x05"],
  ["functions that end as colours do", "\x1b[>4;2m\x1b[?4m\x1b[1 m"],
  ["bracketed paste and mouse modes", "\x1b[?2004h\x1b[?1000h\x1b[!p"],
  ["single escapes", "\x1bc\x1b7\x1b8\x1bM\x1b=\x1b>"],
  ["character sets", "\x1b(0\x1b)B\x1b#8\x1b%G\x0e\x0f"],
  ["bells and other controls", "\x07\x00\x0b\x0c\x7f\x11"],
  ["an 8-bit control sequence", Buffer.from("\x9b2J\x9b31m", "latin1")],
  ["an 8-bit title", Buffer.from("\x9d0;pwned\x07", "latin1")],
  ["other 8-bit controls", Buffer.from("\x84\x85\x8d\x9c", "latin1")],
  ["C1 controls in UTF-8", "\u009b2J\u009d0;pwned\x07\u0090q\x1b\\\u0085"],
  ["a sequence of colours without end", `\x1b[${"1;".repeat(500)}m`],
  ["an escape in a string", "\x1b]0;a\x1b[31"],
];

describe("what comes to a terminal", () => {
  it.each(PASSED)("is %s", (_what, text) => {
    expect(filtered(text).text).toBe(bytes(text));
  });

  it.each(DROPPED)("is not %s", (_what, text) => {
    expect(filtered("a", text).text).toBe("a");
  });

  it.each([...PASSED, ...DROPPED])("is the same wherever the bytes are cut: %s", (_what, text) => {
    const all = Buffer.concat([Buffer.from(text), Buffer.from("\n\x1b[32mend")]);
    const whole = filtered(all).text;
    for (let cut = 0; cut <= all.length; cut += 1)
      expect(filtered(all.subarray(0, cut), all.subarray(cut)).text).toBe(whole);
    const one = Array.from(all, (_, index) => all.subarray(index, index + 1));
    expect(filtered(...one).text).toBe(whole);
  });

  it("is what follows a string that has no end, from its next line on", () => {
    expect(filtered("\x1b]0;never ends\nnext").text).toBe("\nnext");
    expect(filtered("\x1b[31\nnext").text).toBe("\nnext");
  });

  it.each([
    ["no UTF-8", [0xff, 0xa0, 0xc1]],
    ["a character cut short", [0xe2, 0x82, 0x41]],
    ["a control in a form that is too long", [0xe0, 0x82, 0x9b, 0x41]],
    ["a surrogate", [0xed, 0xa0, 0x80, 0x41]],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80, 0x41]],
  ])("has no byte that is %s", (_what, values) => {
    const { text } = filtered(Buffer.from(values));
    expect(Buffer.from(text, "latin1").toString("utf8")).toMatch(/^\ufffd+A?$/);
  });

  it("never has a control besides colours, whatever is printed", () => {
    // A generator of Lehmer's: the same bytes in every run, of the kind that sequences are made of.
    const alphabet = Buffer.from("\x1b\x1b[]PX^_\\;?>m0123 qhJn\x07\n\x9b\x9d\xc2\xe2\x82A", "latin1");
    let seed = 42;
    const next = () => (seed = (seed * 48_271) % 2_147_483_647);
    const random = Buffer.from(
      Array.from({ length: 200_000 }, () => alphabet[next() % alphabet.length] ?? 0),
    );
    const text = Buffer.from(filtered(random).text, "latin1").toString("utf8");

    expect(text.replace(/\x1b\[[0-9:;]*m/g, "")).not.toMatch(/[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
  });
});

describe("what is left on a terminal", () => {
  it.each([
    ["", false, false],
    ["text", true, false],
    ["text\n", false, false],
    ["text\n\x1b[0m", false, false],
    ["\x1b[31mtext\n", false, true],
    ["\x1b[31mtext\x1b[0m", true, false],
    ["\x1b[31mtext\x1b[m\n\x1b]0;title\x07", false, false],
    ["\x1b[38;5;0m", false, true],
    ["50%\r", true, false],
  ])("after %j: an open line %s, colours %s", (text, isOpen, isColoured) => {
    expect(filtered(text).line).toMatchObject({ isOpen, isColoured });
  });

  it("is taken away once before a line of agentd's own", () => {
    const { line } = filtered("\x1b[31mtext");
    expect(line.begun()).toBe("\x1b[0m\n");
    expect(line.begun()).toBe("");
    line.isRaw = true;
    expect(line.restored()).toBe("\x1b[?25h");
  });
});
