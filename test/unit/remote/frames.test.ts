import { describe, expect, it } from "vitest";
import { frameOf, FrameReader, printedContent, readPrinted } from "../../../src/remote/frames.ts";

describe("frames", () => {
  it("are cut from a stream wherever it is cut itself", () => {
    const sent = Buffer.concat([
      frameOf("head", "{}"),
      frameOf("interrupt"),
      frameOf("stdin", Buffer.alloc(70_000, 7)),
    ]);
    for (const size of [1, 3, 4096, sent.length]) {
      const reader = new FrameReader();
      const read = [];
      for (let at = 0; at < sent.length; at += size) read.push(...reader.push(sent.subarray(at, at + size)));
      expect(read.map(({ kind, content }) => [kind, content.length])).toEqual([
        ["head", 2],
        ["interrupt", 0],
        ["stdin", 70_000],
      ]);
    }
  });

  it("say how much of a stream they print", () => {
    const text = Buffer.from("shown");
    expect(readPrinted(printedContent({ stream: "stderr", bytes: 2 ** 33, text }))).toEqual({
      stream: "stderr",
      bytes: 2 ** 33,
      text,
    });
  });

  it("are refused where something else comes", () => {
    expect(() => new FrameReader().push(Buffer.from("bash: not found"))).toThrow("what it sent is no frame");
  });
});
