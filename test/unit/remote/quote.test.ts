import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { readAddress } from "../../../src/remote/address.ts";
import { shellLine } from "../../../src/remote/quote.ts";

describe("words for the shell of another host", () => {
  it.each(["sh", "bash"])("are the same words there: %s", (shell) => {
    const words = [
      "plain",
      "",
      "two words",
      "it's",
      "\\",
      "a\\b",
      "$HOME",
      "`id`",
      '"',
      "*",
      "~",
      "a\nb",
      "'\\'",
      "ä;&|",
    ];
    const script = `for word in ${shellLine(words)}; do printf '%s\\0' "$word"; done`;
    const printed = execFileSync(shell, ["-c", script]).toString();
    expect(printed).toBe(words.map((word) => `${word}\0`).join(""));
  });
});

describe("an address", () => {
  it.each([
    ...["ssh://host", "ssh://me@host:22", "ssh://a-b.c_d", "ssh://[::1]:2222", "SSH://me@host/"],
    ...["https://host", "https://agents.example.org:7788/", "https://[::1]:7788"],
  ])("is %s", (text) => {
    expect(readAddress(text)).toBe(text.replace(/\/$/, ""));
  });

  it.each([
    "host",
    "http://host",
    "https://me@host",
    "https://host/path",
    "https://host?query",
    "https://",
    "ssh://",
    "ssh://-oProxyCommand=x",
    "ssh://me:word@host",
    "ssh://host/path",
    "ssh://a b",
  ])("is not %s", (text) => {
    expect(readAddress(text)).toBeUndefined();
  });
});
