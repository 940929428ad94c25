import { describe, expect, it } from "vitest";
import { parseTarget } from "../../../src/gateway/rules/target.ts";

describe("the target of a request", () => {
  it.each([
    ["github.com:443", "name", "github.com", 443],
    ["GITHUB.com:443", "name", "github.com", 443],
    ["127.0.0.1:80", "address", "127.0.0.1", 80],
    ["0x7f.1:80", "address", "127.0.0.1", 80],
    ["2130706433:80", "address", "127.0.0.1", 80],
    ["0177.0.0.01:80", "address", "127.0.0.1", 80],
    ["127.1:80", "address", "127.0.0.1", 80],
    ["１２７.０.０.１:80", "address", "127.0.0.1", 80],
    ["127。0。0。1:80", "address", "127.0.0.1", 80],
    ["[::1]:80", "address", "::1", 80],
    ["[0:0:0:0:0:0:0:1]:80", "address", "::1", 80],
    ["[::ffff:127.0.0.1]:80", "address", "127.0.0.1", 80],
    ["[::ffff:7f00:1]:80", "address", "127.0.0.1", 80],
    ["ｇithub.com:443", "name", "github.com", 443],
    ["git\u00adhub.com:443", "name", "github.com", 443],
  ])("%s is what WHATWG URL makes of it", (text, kind, host, port) => {
    expect(parseTarget(text)).toEqual({ kind, host, port });
  });

  it.each([
    "github.com",
    "github.com:",
    "github.com:0",
    "github.com:65536",
    "github.com:443:443",
    ":443",
    "user@github.com:443",
    "github.com%00:443",
    "github%2ecom:443",
    "github.com\0:443",
    "github.com\0.evil.example:443",
    "github.com\r\nHost: x:443",
    "github.com/x:443",
    "github.com\\x:443",
    "github.com?x:443",
    "github.com#x:443",
    "git hub.com:443",
    "\tgithub.com:443",
    "github.com.:443",
    "[::1%25eth0]:80",
    "[::1%eth0]:80",
    "::1:80",
    "[::1:80",
    "1.2.3.4.5:80",
    "256.1.1.1:80",
    "-x.example:443",
    `${"a".repeat(64)}.example:443`,
    `${"a.".repeat(130)}example:443`,
    "a".repeat(100_000),
  ])("%j is refused", (text) => {
    expect(parseTarget(text)).toBeUndefined();
  });

  it("takes a default port only where one is given", () => {
    expect(parseTarget("github.com", 80)).toEqual({ kind: "name", host: "github.com", port: 80 });
    expect(parseTarget("github.com:8080", 80)?.port).toBe(8080);
  });
});
