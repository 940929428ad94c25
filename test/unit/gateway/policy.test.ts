import { describe, expect, it } from "vitest";
import { addressFault } from "../../../src/gateway/rules/addresses.ts";
import { type AllowEntry, allowRules } from "../../../src/gateway/rules/allow-entry.ts";
import { checkAddresses, ruleFor } from "../../../src/gateway/rules/policy.ts";
import { parseTarget } from "../../../src/gateway/rules/target.ts";

const OWN = new Set(["198.41.0.7", "2a00::7"]);

function opens(allow: readonly AllowEntry[], target: string): string | undefined {
  return ruleFor(parseTarget(target)!, allowRules(allow))?.text;
}

describe("the allowlist", () => {
  it.each<[readonly AllowEntry[], string, string | undefined]>([
    [[], "github.com:443", undefined],
    [["github.com"], "github.com:443", "github.com"],
    [["github.com"], "github.com:80", "github.com"],
    [["github.com"], "github.com:22", undefined],
    [["github.com:443"], "github.com:80", undefined],
    [["github.com"], "api.github.com:443", undefined],
    [["github.com"], "notgithub.com:443", undefined],
    [["github.com"], "github.com.evil.example:443", undefined],
    [["*.example.org"], "a.example.org:443", "*.example.org"],
    [["*.example.org"], "a.b.example.org:443", "*.example.org"],
    [["*.example.org"], "example.org:443", undefined],
    [["*.example.org"], "badexample.org:443", undefined],
    [["*"], "anything.example:443", "*"],
    [["*"], "anything.example:25", undefined],
    [["*:25"], "anything.example:25", "*:25"],
    [["10.0.0.5:8080"], "10.0.0.5:8080", "10.0.0.5:8080"],
    [["10.0.0.5:8080"], "[::ffff:10.0.0.5]:8080", "10.0.0.5:8080"],
    [["10.0.0.5:8080"], "10.0.0.5:80", undefined],
    [["[2001:db8::1]:443"], "[2001:DB8:0::1]:443", "[2001:db8::1]:443"],
  ])("%j and %s", (allow, target, rule) => {
    expect(opens(allow, target)).toBe(rule);
  });

  it.each(["93.184.216.34:443", "127.0.0.1:80", "[2606:4700::1]:443"])(
    "opens the address %s only by an entry that names it",
    (target) => {
      expect(opens(["*", "*.0.0.example"], target)).toBeUndefined();
    },
  );

  it("takes the exception for private addresses where two entries match", () => {
    const rules = allowRules(["*.corp.example", { host: "db.corp.example", private: true }]);
    expect(ruleFor(parseTarget("db.corp.example:443")!, rules)?.isPrivate).toBe(true);
    expect(ruleFor(parseTarget("web.corp.example:443")!, rules)?.isPrivate).toBe(false);
  });
});

describe("an address that a name resolves to", () => {
  it.each(["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00::1", "::ffff:1.1.1.1"])(
    "is fine when it is global: %s",
    (address) => {
      expect(addressFault(address, OWN)).toBeUndefined();
    },
  );

  it.each([
    ["this host", ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "0.1.2.3", "::"]],
    [
      "a private network",
      ["10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd00:ec2::254"],
    ],
    ["a link", ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fec0::1"]],
    ["a provider's own network", ["100.64.0.1", "100.100.100.200", "100.127.255.255"]],
    ["metadata", ["168.63.129.16", "192.0.0.192"]],
    ["many hosts", ["224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1"]],
    [
      "nobody",
      ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "240.0.0.1", "2001:db8::1", "3fff::1"],
    ],
    ["IPv4 mapped into IPv6", ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"]],
    ["IPv4 behind NAT64", ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"]],
    ["IPv4 behind 6to4", ["2002:7f00:1::", "2002:0808:0808::1"]],
    ["IPv4 behind Teredo", ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"]],
    ["IPv4 in old forms", ["::127.0.0.1", "::ffff:0:127.0.0.1"]],
    ["the host itself", ["198.41.0.7", "::ffff:198.41.0.7", "2a00::7"]],
    ["nothing", ["", "github.com", "1.2.3", "0x7f.1"]],
  ])("is refused when it means %s", (_what, addresses) => {
    for (const address of addresses) expect(addressFault(address, OWN), address).toBeDefined();
  });

  const check = (addresses: string[], entry: AllowEntry) => {
    return checkAddresses(addresses, allowRules([entry])[0]!, OWN);
  };

  it("refuses all of them when one is bad", () => {
    expect(check(["1.1.1.1", "10.0.0.1", "1.0.0.1"], "github.com")).toEqual({
      fault: "10.0.0.1 is a private address",
    });
    expect(check([], "github.com")).toEqual({ fault: "it has no address" });
  });

  it("may be private by an entry that says so, or that is the address", () => {
    expect(check(["10.0.0.1"], { host: "db.example", private: true })).toEqual({ addresses: ["10.0.0.1"] });
    expect(check(["198.41.0.7"], { host: "me.example", private: true })).toEqual({
      addresses: ["198.41.0.7"],
    });
    expect(check(["127.0.0.1"], "127.0.0.1:8080")).toEqual({ addresses: ["127.0.0.1"] });
  });

  it("is never the unspecified one, nor one of many hosts", () => {
    for (const address of ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255"]) {
      expect(check([address], { host: "db.example", private: true }), address).toHaveProperty("fault");
    }
  });

  it("is the one that was checked: mapped ones are connected to as IPv4", () => {
    expect(check(["::ffff:1.1.1.1", "1.1.1.1"], "github.com")).toEqual({ addresses: ["1.1.1.1"] });
  });
});
