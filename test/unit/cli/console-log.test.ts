import { describe, expect, it } from "vitest";
import {
  ConsoleLogDecoder,
  type ConsoleSegment,
  type LogSelection,
} from "../../../src/podman/console-log.ts";

const AT = "2026-01-02T03:04:05.123456789+00:00";

function decode(...chunks: (string | Buffer)[]): ConsoleSegment[] {
  const decoder = new ConsoleLogDecoder();
  const segments = chunks.flatMap((chunk) => decoder.decode(Buffer.from(chunk)));
  return [...segments, ...decoder.end()];
}

/** What each stream has got in all, byte for byte. */
function streams(segments: ConsoleSegment[]): { stdout: string; stderr: string } {
  const of = (stream: string) =>
    Buffer.concat(segments.filter((each) => each.stream === stream).map(({ bytes }) => bytes)).toString(
      "latin1",
    );
  return { stdout: of("stdout"), stderr: of("stderr") };
}

describe("choosing from a console log", () => {
  const log =
    "2026-01-02T03:00:00Z stdout F one\n2026-01-02T03:01:00Z stderr F two\n" +
    "2026-01-02T03:02:00Z stdout P thr\n2026-01-02T03:03:00Z stderr F four\n" +
    "2026-01-02T03:04:00Z stdout F ee\n";
  const chosen = (selection: LogSelection) => {
    const decoder = new ConsoleLogDecoder(selection);
    return streams([...decoder.decode(Buffer.from(log)), ...decoder.end()]);
  };

  it("leaves the other stream out", () => {
    expect(chosen({ stream: "stderr" })).toEqual({ stdout: "", stderr: "two\nfour\n" });
    expect(chosen({ stream: "stdout" })).toEqual({ stdout: "one\nthree\n", stderr: "" });
  });

  it("leaves out the lines that began before an instant", () => {
    const since = (time: string) => chosen({ sinceMs: Date.parse(time) });
    expect(since("2026-01-02T03:01:00Z")).toEqual({ stdout: "three\n", stderr: "two\nfour\n" });
    expect(since("2026-01-02T03:03:00Z")).toEqual({ stdout: "", stderr: "four\n" });
  });

  it("begins each line, not each part of it, with its time", () => {
    expect(chosen({ timestamps: true })).toEqual({
      stdout: "2026-01-02T03:00:00Z one\n2026-01-02T03:02:00Z three\n",
      stderr: "2026-01-02T03:01:00Z two\n2026-01-02T03:03:00Z four\n",
    });
  });
});

describe("decoding a console log", () => {
  it.each([
    ["a whole line", `${AT} stdout F hello\n`, "hello\n", ""],
    ["an empty line", `${AT} stdout F \n`, "\n", ""],
    ["a line on the other stream", `${AT} stderr F oops\n`, "", "oops\n"],
    ["a last line without a newline", `${AT} stdout P prompt> \n`, "prompt> ", ""],
    [
      "a long line in parts",
      `${AT} stdout P aaa\n${AT} stdout P bbb\n${AT} stdout F ccc\n`,
      "aaabbbccc\n",
      "",
    ],
    [
      "parts with the other stream between them",
      `${AT} stdout P aaa\n${AT} stderr P xx\n${AT} stdout F bbb\n${AT} stderr F yy\n`,
      "aaabbb\n",
      "xxyy\n",
    ],
    ["text that looks like a header", `${AT} stdout F ${AT} stderr F x\n`, `${AT} stderr F x\n`, ""],
    ["spaces and carriage returns as they are", `${AT} stdout F   a \r\n`, "  a \r\n", ""],
    ["a time in UTC without a fraction", "2026-01-02T03:04:05Z stdout F a\n", "a\n", ""],
    ["a line of another form as it is", "what is this\n", "what is this\n", ""],
    ["an empty line of another form", "\n", "\n", ""],
    ["an unknown stream as it is", `${AT} stdlog F a\n`, `${AT} stdlog F a\n`, ""],
    ["a last line that was cut off", `${AT} stdout F a\n${AT} stdout F b`, "a\nb", ""],
    ["a last header that was cut off", `${AT} stdout F a\n2026-01`, "a\n2026-01", ""],
  ])("passes on %s", (_, log, stdout, stderr) => {
    expect(streams(decode(log))).toEqual({ stdout, stderr });
  });

  it("keeps every byte that is not text", () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x0a));
    const log = Buffer.concat([Buffer.from(`${AT} stdout F `), bytes, Buffer.from("\n")]);
    expect(streams(decode(log)).stdout).toBe(bytes.toString("latin1") + "\n");
  });

  it("decodes the same wherever the log is cut", () => {
    const log = Buffer.from(`${AT} stdout P ä\n${AT} stderr F €\n${AT} stdout F 😀\n${AT} stdout P end\n`);
    const whole = streams(decode(log));
    for (let cut = 0; cut <= log.length; cut += 1) {
      expect(streams(decode(log.subarray(0, cut), log.subarray(cut)))).toEqual(whole);
    }
  });

  it("keeps the order of the streams and joins what follows on the same one", () => {
    const log = `${AT} stdout F 1\n${AT} stdout F 2\n${AT} stderr F 3\n${AT} stdout F 4\n`;
    expect(decode(log).map(({ stream, bytes }) => [stream, bytes.toString()])).toEqual([
      ["stdout", "1\n2\n"],
      ["stderr", "3\n"],
      ["stdout", "4\n"],
    ]);
  });

  it("returns bytes that a reused chunk does not change", () => {
    const decoder = new ConsoleLogDecoder();
    const chunk = Buffer.from(`${AT} stdout F kept\n${AT} stdout F ta`);
    const first = decoder.decode(chunk);
    chunk.fill(0);
    const second = decoder.decode(Buffer.from("il\n"));
    expect(streams([...first, ...second]).stdout).toBe("kept\ntail\n");
  });
});
