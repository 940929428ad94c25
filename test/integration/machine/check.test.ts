import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const CHECK = join(import.meta.dirname, "../../machine/check.sh");
/** What the script itself uses. */
const TOOLS = ["sh", "cat", "cut", "dirname", "env", "grep", "id", "node"];
/** What it looks for on the path; the rest it finds by itself. */
const PROGRAMS = ["git", "ssh", "busybox", "newuidmap", "podman", "slirp4netns"];

let bin: string;

beforeEach(async () => {
  bin = join(await mkdtemp(join(tmpdir(), "agentd-check-")), "bin");
  await mkdir(bin);
  for (const tool of TOOLS) {
    const { stdout } = await execa("sh", ["-c", `command -v ${tool}`]);
    await symlink(stdout, join(bin, tool));
  }
  for (const program of PROGRAMS) await provide(program);
});

afterEach(async () => {
  await rm(join(bin, ".."), { recursive: true });
});

/** Puts a program on the path that does nothing and fails. */
async function provide(name: string): Promise<void> {
  await writeFile(join(bin, name), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
}

async function check() {
  return await execa("sh", [CHECK], { env: { PATH: bin }, reject: false });
}

describe("the check of the machine", () => {
  it("passes on this machine, and says nothing", async () => {
    const result = await execa("sh", [CHECK], { all: true });
    expect(result.all).toBe("");
  });

  it("names what is missing and the exact command that installs it, where there is apt", async () => {
    await rm(join(bin, "podman"));
    for (const name of ["apt-get", "apt-cache", "dpkg-query"]) await provide(name);
    const { exitCode, stderr } = await check();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("  - podman\n");
    expect(stderr).toMatch(
      /^ {2}sudo apt-get update && sudo apt-get install -y --no-install-recommends podman uidmap [a-z0-9 -]+$/m,
    );
    expect(stderr).not.toContain("dnf");
  });

  it("names Fedora's packages where there is dnf", async () => {
    await rm(join(bin, "newuidmap"));
    await provide("dnf");
    const { exitCode, stderr } = await check();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("  - newuidmap, which maps subordinate ids for a user\n");
    expect(stderr).toMatch(/^ {2}sudo dnf install -y podman shadow-utils [a-z0-9 -]+$/m);
  });

  it("wants a Node.js that is new enough", async () => {
    await rm(join(bin, "node"));
    await provide("node");
    const { exitCode, stderr } = await check();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Node\.js 20\.19 or newer/);
    expect(stderr).not.toContain("apt-get");
  });
});
