import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigFile, PROFILE } from "../../kit/config-under-test.ts";

let file: ConfigFile;
beforeEach(async () => {
  file = await ConfigFile.create();
});
afterEach(async () => {
  await file.remove();
});

describe("an allowlist", () => {
  it.each(["", 'network = "private"\n', 'network = "none"\n', 'network = "host"\n'])(
    "is refused with another network: %j",
    async (network) => {
      for (const allow of ['["github.com"]', "[]"]) {
        expect(await file.problems(`${PROFILE}${network}allow = ${allow}`)).toMatchObject([
          { path: "profiles[0].allow", rule: 'is only for network = "allowlist"' },
        ]);
      }
    },
  );

  it.each([
    ['"https://github.com"', "allow[0]", "leave out the scheme"],
    ['"10.0.0.0/8"', "allow[0]", "ranges of addresses are not accepted"],
    ['"github.com", { host = "db:70000", private = true }', "allow[1]", "a whole number from 1 to 65535"],
    ["5", "allow[0]", "must be a host"],
    ["{ private = true }", "allow[0]", "must be a host"],
    ['{ host = "db", privat = true }', "allow[0].privat", 'unknown key; did you mean "private"?'],
  ])("does not have %s", async (entries, path, rule) => {
    const problems = await file.problems(`${PROFILE}network = "allowlist"\nallow = [${entries}]`);
    expect(problems).toMatchObject([{ path: `profiles[0].${path}`, rule: expect.stringContaining(rule) }]);
  });

  it("has at most 1000 entries", async () => {
    const entries = Array.from({ length: 1001 }, (_, index) => `"h${index}.example"`).join();
    expect(await file.problems(`${PROFILE}network = "allowlist"\nallow = [${entries}]`)).toMatchObject([
      { path: "profiles[0].allow", rule: "must have at most 1000 entries" },
    ]);
  });
});
