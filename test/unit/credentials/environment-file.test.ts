import { describe, expect, it } from "vitest";
import { parseEnvironmentText } from "../../../src/credentials/environment-file.ts";

describe("a file of variables", () => {
  it.each([
    ["a line", "A=1\n", { A: "1" }],
    ["no newline at its end", "A=1", { A: "1" }],
    ["comments", "# A=1\n; B=2\n  # C=3\nD=4\n", { D: "4" }],
    ["a comment that a backslash ends, as of systemd 254", "# comment \\\nA=1\n", { A: "1" }],
    ["what only looks like a comment", "A=#1;\n", { A: "#1;" }],
    ["blanks around name and value", "  A =  two words \t\n", { A: "two words" }],
    ["nothing", "A=\nB=  \n", { A: "", B: "" }],
    ["further equals signs", "A=a=b==\n", { A: "a=b==" }],
    ["double quotes", 'A=" two  words "\nB="it\'s"\n', { A: " two  words ", B: "it's" }],
    ["single quotes", "A=' $x \\ \"q\" '\n", { A: ' $x \\ "q" ' }],
    ["quotes over lines", 'A="one\ntwo"\nB=2\n', { A: "one\ntwo", B: "2" }],
    ["quotes in a value", 'A=a"b"c\n', { A: 'a"b"c' }],
    ["pieces in quotes, one after the other", "A='one'\"two\" three\n", { A: "onetwothree" }],
    ["escapes in double quotes", String.raw`A="\"\\\$\x"` + "\n", { A: String.raw`"\$\x` }],
    ["escapes outside of quotes", String.raw`A=a\ b\\c` + "\n", { A: String.raw`a b\c` }],
    ["continued lines", 'A=one\\\ntwo\nB="one\\\ntwo"\n', { A: "onetwo", B: "onetwo" }],
    ["carriage returns", "A=1\r\nB='2'\r\n", { A: "1", B: "2" }],
    ["a name twice", "A=1\nA=2\n", { A: "2" }],
  ])("is read as systemd reads it: %s", (_, text, expected) => {
    expect(parseEnvironmentText(text)).toEqual({ variables: expected, faultyLines: [] });
  });

  it.each([
    ["a word alone", "A=1\nsecret\nB=2\n", [2]],
    ["export", "export A=1\n", [1]],
    ["a name that is none", "1A=x\n\nB-C=y\n", [1, 3]],
    ["a word at the end", "A=1\nsecret", [2]],
    ["after a value over lines", 'A="1\n2"\nsecret\n', [3]],
  ])("names lines that are no variables: %s", (_, text, lines) => {
    expect(parseEnvironmentText(text).faultyLines).toEqual(lines);
  });
});
