import { describe, expect, it } from "vitest";
import { readBundleHeads } from "../../../src/work/commits/bundle-heads.ts";

const ID = "0123456789012345678901234567890123456789";

function read(names: readonly string[], ignoresCase = false) {
  const list = Buffer.from(names.map((name) => `${ID} ${name}\n`).join(""), "latin1");
  const { head, refs, refused } = readBundleHeads(list, { ignoresCase });
  return { head, refs: [...refs.keys()], refused: refused.map(({ what }) => what) };
}

describe("the refs of a bundle", () => {
  it("are HEAD and every name that git accepts, also those that look like options or bytes", () => {
    expect(read(["refs/heads/-x", "HEAD", "refs/tags/v1", "refs/heads/sr\xe4"])).toEqual({
      head: ID,
      refs: ["refs/heads/-x", "refs/heads/sr\xe4", "refs/tags/v1"],
      refused: [],
    });
  });

  it.each([
    "refs/heads/../../x",
    "../x",
    "-x",
    "refs/heads/a b",
    "refs/heads/a:b",
    "refs/heads/*",
    "refs/heads/x.lock",
    `refs/replace/${ID}`,
  ])("are not %s", (name) => {
    expect(read([name])).toEqual({ head: undefined, refs: [], refused: [name] });
  });

  it("do not exclude each other", () => {
    expect(read(["refs/heads/a/b/c", "refs/heads/a-b", "refs/heads/a"])).toEqual({
      head: undefined,
      refs: ["refs/heads/a", "refs/heads/a-b"],
      refused: ["refs/heads/a/b/c"],
    });
  });

  it("differ in more than case where the file system does not tell it", () => {
    const names = ["refs/heads/Fix", "refs/heads/fix", "refs/heads/FIX/more"];
    expect(read(names).refs).toEqual(["refs/heads/FIX/more", "refs/heads/Fix", "refs/heads/fix"]);
    expect(read(names, true).refs).toHaveLength(1);
  });
});
