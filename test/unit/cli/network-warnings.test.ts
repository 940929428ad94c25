import { expect, it } from "vitest";
import { allowFinding } from "../../../src/cli/doctor/gateway-checks.ts";
import { networkWarnings } from "../../../src/cli/words/network-warnings.ts";
import { PROXY_URL } from "../../../src/gateway/rules/ports.ts";

const FILE = "/etc/agentd.toml";

it("warns of nothing in a profile without an allowlist", async () => {
  expect(await networkWarnings({ network: "private", env: { HTTP_PROXY: "http://proxy.example" } })).toEqual(
    [],
  );
});

it("warns of wide entries, and of variables that lead around the gateway", async () => {
  const env = { HTTP_PROXY: "http://proxy.example:3128", HTTPS_PROXY: PROXY_URL, LANG: "C" };
  const warnings = await networkWarnings({ network: "allowlist", allow: ["*"], env });
  expect(warnings).toEqual([
    expect.stringMatching(/^allow: "\*" opens every name/),
    expect.stringMatching(/^env\.HTTP_PROXY replaces agentd's own value/),
  ]);
});

it("is told by doctor", async () => {
  const profile = { network: "allowlist", env: {} };
  expect(await allowFinding({ ...profile, allow: ["*"] }, FILE)).toEqual([
    expect.objectContaining({ status: "warning", fix: `edit ${FILE}` }),
  ]);
  const summaryOf = async (allow: readonly string[]) => (await allowFinding({ ...profile, allow }, FILE))[0];
  expect(await summaryOf([])).toMatchObject({
    status: "ok",
    summary: "allow is empty: sessions reach nothing",
  });
  expect(await summaryOf(["a.example"])).toMatchObject({ status: "ok", summary: "allow has 1 entry" });
});
