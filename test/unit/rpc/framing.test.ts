import { describe, expect, it } from "vitest";
import { type Frame, LineSplitter, toLine } from "../../../src/rpc/framing.ts";

const LIMIT = 16;

function split(...chunks: (string | Buffer)[]): Frame[] {
  const splitter = new LineSplitter(LIMIT);
  return chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
}

const line = (text: string): Frame => ({ kind: "line", text });

describe("the line splitter", () => {
  it.each<[string, (string | Buffer)[], Frame[]]>([
    ["returns nothing for an unfinished line", ["abc"], []],
    ["returns a line without its newline", ["abc\n"], [line("abc")]],
    [
      "returns several lines of one chunk in order",
      ["a\nb\n\nc\nd"],
      [line("a"), line("b"), line(""), line("c")],
    ],
    ["joins a line from many chunks", ["a", "b", "", "c\nd", "e\n"], [line("abc"), line("de")]],
    [
      "joins a character that is cut between chunks",
      [Buffer.from([0xc3]), Buffer.from([0xa4, 0x0a])],
      [line("ä")],
    ],
    ["keeps a carriage return and a NUL", ["a\r\0\n"], [line("a\r\0")]],
    ["takes a line of exactly the limit", ["x".repeat(LIMIT) + "\n"], [line("x".repeat(LIMIT))]],
    ["refuses a line that is one byte longer", ["x".repeat(LIMIT + 1) + "\n"], [{ kind: "too_long" }]],
    ["counts bytes, not characters", ["ä".repeat(9) + "\n"], [{ kind: "too_long" }]],
    [
      "goes on after a line that is too long, whatever its chunks",
      ["x".repeat(LIMIT), "y", "z".repeat(100), "\nok\n"],
      [{ kind: "too_long" }, line("ok")],
    ],
    ["tells of a line that is too long before it ends", ["x".repeat(LIMIT + 1), "y"], [{ kind: "too_long" }]],
    [
      "refuses bytes that are not UTF-8",
      [Buffer.from([0xff, 0x0a]), "ok\n"],
      [{ kind: "not_utf8" }, line("ok")],
    ],
    ["refuses an overlong encoding", [Buffer.from([0xc0, 0x80, 0x0a])], [{ kind: "not_utf8" }]],
  ])("%s", (_, chunks, frames) => {
    expect(split(...chunks)).toEqual(frames);
  });

  it("splits the same wherever the stream is cut", () => {
    const stream = Buffer.from('{"a":"ä€😀"}\n\n{"b":1}\n');
    const whole = new LineSplitter(100).push(stream);
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const splitter = new LineSplitter(100);
      const frames = [stream.subarray(0, cut), stream.subarray(cut)].flatMap((part) => splitter.push(part));
      expect(frames).toEqual(whole);
    }
  });

  it("does not let a reused chunk change a line that it returned or keeps", () => {
    const splitter = new LineSplitter(LIMIT);
    const chunk = Buffer.from("one\ntw");
    const first = splitter.push(chunk);
    chunk.fill(0x78);
    expect([...first, ...splitter.push(Buffer.from("o\n"))]).toEqual([line("one"), line("two")]);
  });
});

describe("a message on the wire", () => {
  it("is one line, whatever it says", () => {
    expect(toLine({ text: "a\nb\u2028" })).toBe('{"text":"a\\nb\u2028"}\n');
  });
});
