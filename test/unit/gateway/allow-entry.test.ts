import { describe, expect, it } from "vitest";
import { type AllowEntry, allowEntryFault, allowRules } from "../../../src/gateway/rules/allow-entry.ts";

describe("an entry of `allow`", () => {
  it.each<[AllowEntry, object]>([
    ["github.com", { kind: "name", host: "github.com", ports: [443, 80], isPrivate: false }],
    ["github.com:443", { kind: "name", host: "github.com", ports: [443] }],
    ["GitHub.COM:8443", { kind: "name", host: "github.com", ports: [8443] }],
    ["münchen.example", { kind: "name", host: "xn--mnchen-3ya.example" }],
    ["my_host.example", { kind: "name", host: "my_host.example" }],
    ["localhost:5432", { kind: "name", host: "localhost", ports: [5432] }],
    ["*.example.org", { kind: "suffix", host: "example.org", ports: [443, 80] }],
    ["*.example.org:8080", { kind: "suffix", host: "example.org", ports: [8080] }],
    ["*", { kind: "any", host: "", ports: [443, 80] }],
    ["*:22", { kind: "any", ports: [22] }],
    ["10.0.0.5:8080", { kind: "address", host: "10.0.0.5", ports: [8080] }],
    ["[2001:DB8::1]:443", { kind: "address", host: "2001:db8::1", ports: [443] }],
    [
      { host: "db.corp.example:5432", private: true },
      { kind: "name", isPrivate: true, ports: [5432] },
    ],
    [{ host: "github.com" }, { kind: "name", isPrivate: false }],
  ])("%j opens what it says", (entry, rule) => {
    expect(allowEntryFault(entry)).toBeUndefined();
    expect(allowRules([entry])).toEqual([expect.objectContaining(rule)]);
  });

  it.each<[AllowEntry, RegExp]>([
    ["", /must be a host/],
    [":443", /must be a host/],
    ["https://github.com", /leave out the scheme/],
    ["github.com/agentd", /must be a host/],
    ["user@github.com", /must be a host/],
    ["github.com.", /must be a host/],
    ["a b.example", /must be a host/],
    ["exa%6dple.org", /must be a host/],
    ["10.0.0.0/8", /ranges of addresses are not accepted/],
    ["github.com:", /the port/],
    ["github.com:0", /the port/],
    ["github.com:65536", /the port/],
    ["github.com:https", /the port/],
    ["git*.example.org", /only at the beginning/],
    ["*.*.example.org", /only at the beginning/],
    ["*.10.0.0.5", /before an address/],
    ["2001:db8::1", /needs brackets: "\[2001:db8::1\]"/],
    ["0x7f.1", /write this address as "127\.0\.0\.1"/],
    ["2130706433:80", /write this address as "127\.0\.0\.1"/],
    ["0.0.0.0:80", /unspecified/],
    ["224.0.0.1", /multicast/],
    ["255.255.255.255", /broadcast/],
    [{ host: "*", private: true }, /private = true needs a host/],
  ])("%j is refused", (entry, message) => {
    expect(allowEntryFault(entry)).toMatch(message);
    expect(() => allowRules([entry])).toThrow(message);
  });
});
