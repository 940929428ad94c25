import { describe, expect, it } from "vitest";
import type { AllowEntry } from "../../../src/gateway/rules/allow-entry.ts";
import { allowWarnings } from "../../../src/gateway/rules/allow-warnings.ts";

describe("warnings about an allowlist", () => {
  it("are none for what is usual", () => {
    const usual = [
      "github.com",
      "github.com:22",
      "*.example.org",
      "example.org:443",
      "10.0.0.5:8080",
      "[2001:db8::1]:443",
      { host: "db.corp:5432", private: true },
    ];
    expect(allowWarnings(usual)).toEqual([]);
    expect(allowWarnings([])).toEqual([]);
  });

  it.each<[string, readonly AllowEntry[], RegExp]>([
    ["every name", ["*"], /^"\*" opens every name, .*`agentd egress --suggest`$/],
    ["every name on a port", ["*:443"], /^"\*:443" opens every name/],
    ["a whole top-level domain", ["*.com"], /^"\*\.com" opens every name below com/],
    ["the host's loopback by name", ["localhost:8080"], /is never reached/],
    ["a private name", ["db.corp:5432"], /write \{ host = "db\.corp", private = true \}$/],
    ["a name of one label", ["intranet"], /looks like a name of a private network/],
    ["a service of this host", ["127.0.0.1:5432"], /opens a service of this host/],
    ["the same in IPv6", ["[::1]:5432"], /opens a service of this host/],
    ["the metadata address", ["169.254.169.254:80"], /the host's own credentials/],
    ["a needless exception", [{ host: "10.0.0.5", private: true }], /needs no private = true/],
    ["an entry that is there twice", ["github.com", "github.com"], /^"github\.com" is there twice$/],
    [
      "an entry of which another opens more",
      ["github.com:443", "github.com"],
      /^"github\.com:443" has no effect/,
    ],
    [
      "a name below a wildcard",
      ["*.example.org", "a.example.org"],
      /^"a\.example\.org" has no effect beside/,
    ],
    [
      "a wildcard below another",
      ["*.b.example.org", "*.example.org"],
      /^"\*\.b\.example\.org" has no effect/,
    ],
  ])("are given for %s", (_what, entries, text) => {
    expect(allowWarnings(entries)).toEqual([expect.stringMatching(text)]);
  });

  it("call no entry covered that opens something more", () => {
    const more: AllowEntry[] = [
      "*.example.org",
      "a.example.org:22",
      { host: "b.example.org", private: true },
    ];
    expect(allowWarnings([...more, "example.org"])).toEqual([]);
    expect(allowWarnings(["*", "10.0.0.5:443"])).toHaveLength(1);
  });
});
