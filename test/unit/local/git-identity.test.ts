import { describe, expect, it } from "vitest";
import { gitIdentity } from "../../../src/local/git-identity.ts";

const identity = (hostName: string, git?: { name?: string; email?: string }): string =>
  gitIdentity({ name: "builder", git }, hostName)[0]!.content.toString();

describe("the identity for git", () => {
  it.each([
    ["buildhost", "builder@buildhost.agentd.invalid"],
    ["ci.example.com", "builder@ci.example.com.agentd.invalid"],
    ["My Host_1", "builder@my-host-1.agentd.invalid"],
    ["-..-", "builder@localhost.agentd.invalid"],
    ["", "builder@localhost.agentd.invalid"],
    ['a"\n[core]', "builder@a-core.agentd.invalid"],
  ])("has an address that is one, on the host %j", (hostName, address) => {
    expect(identity(hostName)).toContain(`\temail = "${address}"\n`);
  });

  it("is what the profile says", () => {
    const text = identity("host", { name: 'Ada "the\\first"', email: "ada@example.com" });
    expect(text).toContain('\tname = "Ada \\"the\\\\first\\""\n\temail = "ada@example.com"\n');
  });

  it("does not include its own file", () => {
    for (const { path, content } of gitIdentity({ name: "builder", git: undefined }, "host"))
      expect(content.toString()).not.toContain(`~/${path}`);
  });
});
