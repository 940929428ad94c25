import { describe, expect, it } from "vitest";
import { fileTargetFaults } from "../../../src/profile/rules/file-targets.ts";
import { addressFault, personFault } from "../../../src/profile/rules/git-identity.ts";

const fault = (target: string, mounts: string[] = []): string | undefined =>
  fileTargetFaults([target], mounts, "builder")[0]?.message;

describe("the target of a file", () => {
  it.each(["~/.gitconfig", "~/.config/tool/a b.toml", "~/repository", "~/ä"])("may be %j", (target) => {
    expect(fault(target, ["/home/builder/.cache", "/data"])).toBeUndefined();
  });

  it.each([
    ["/home/builder/a", "begins with ~/"],
    ["~", "begins with ~/"],
    ["~other/a", "begins with ~/"],
    ["~/", "path of a file"],
    ["~/a/", "path of a file"],
    ["~/a/../../b", "path of a file"],
    ["~/../b", "path of a file"],
    ["~/./b", "path of a file"],
    ["~//b", "path of a file"],
    ["~/a\nb", "control characters"],
    ["~/a\0b", "control characters"],
    ["~/repo", "agentd reserves"],
    ["~/repo/.git/hooks/post-commit", "agentd reserves"],
    ["~/.agentd/a", "agentd reserves"],
    [`~/${"a".repeat(256)}`, "255 bytes"],
    [`~/${"a/".repeat(500)}b`, "1000 bytes"],
    ["~/.cache/a", "the mount at /home/builder/.cache"],
    ["~/.cache", "the mount at /home/builder/.cache"],
    ["~/.c", "the mount at /home/builder/.c/d"],
  ])("must not be %j", (target, message) => {
    expect(fault(target, ["/home/builder/.cache", "/home/builder/.c/d"])).toContain(message);
  });

  it("is of one file only", () => {
    const faults = fileTargetFaults(["~/a", "~/a", "~/a/b", "~/c/d", "~/c"], [], "builder");
    expect(faults).toEqual([
      { index: 1, message: "another file of this profile already has this target" },
      { index: 2, message: "overlaps with the file at ~/a" },
      { index: 4, message: "overlaps with the file at ~/c/d" },
    ]);
  });
});

describe("an identity for git", () => {
  it.each(["builder", "Ada L. Byron", "O'Neill", "建設"])("may be named %j", (name) => {
    expect(personFault(name)).toBeUndefined();
  });

  it.each(["", " ", "...", "a<b", "a\nb", "a\0b", "x".repeat(201)])("must not be named %j", (name) => {
    expect(personFault(name)).toBeDefined();
  });

  it.each(["a@b", "bot+1@example.com"])("may have the address %j", (address) => {
    expect(addressFault(address)).toBeUndefined();
  });

  it.each(["", "a", "@b", "a@", "a b@c", "a@b>", "a@b\n", "a@b@c", '"a"@b'])(
    "must not have the address %j",
    (address) => {
      expect(addressFault(address)).toBeDefined();
    },
  );
});
