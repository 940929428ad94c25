import { describe, expect, it } from "vitest";
import { networkEnvironment } from "../../../src/gateway/rules/environment.ts";
import { ownAddresses } from "../../../src/gateway/rules/own-addresses.ts";

describe("the variables of a session that goes through the proxy", () => {
  it("name the proxy in both cases, and for Node and Java", () => {
    const proxy = "http://127.0.0.1:8791";
    const local = "127.0.0.1,localhost,::1";
    expect(networkEnvironment()).toEqual({
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      HTTPS_PROXY: proxy,
      https_proxy: proxy,
      ALL_PROXY: proxy,
      all_proxy: proxy,
      NO_PROXY: local,
      no_proxy: local,
      NODE_USE_ENV_PROXY: "1",
      JAVA_TOOL_OPTIONS:
        "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8791 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8791 " +
        "-Dhttp.nonProxyHosts=localhost|127.*|[::1]",
    });
  });
});

describe("the host's own addresses", () => {
  it("are those of all its interfaces, in their one form", () => {
    const info = { netmask: "", mac: "", internal: false, cidr: null, scopeid: 0 };
    const found = ownAddresses({
      lo: [{ ...info, address: "127.0.0.1", family: "IPv4" }],
      eth0: [
        { ...info, address: "192.0.2.7", family: "IPv4" },
        { ...info, address: "2001:DB8:0:0::7", family: "IPv6" },
      ],
      gone: undefined,
    });
    expect([...found]).toEqual(["127.0.0.1", "192.0.2.7", "2001:db8::7"]);
  });
});
