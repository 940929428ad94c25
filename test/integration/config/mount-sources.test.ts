import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkMethodology } from "../../../src/config/methodology.ts";
import { type ProtectedPath, protectedPaths, resolveMountSource } from "../../../src/config/mount-sources.ts";

let root: string;
let protectedOnes: readonly ProtectedPath[];

const at = (path: string): string => join(root, path);

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "agentd-mounts-")));
  for (const directory of ["home/.local/share/containers", "home/project", "run/podman", "audit/demo"]) {
    await mkdir(at(directory), { recursive: true });
  }
  await writeFile(at("run/podman/podman.sock"), "");
  protectedOnes = protectedPaths(
    { env: { HOME: at("home"), XDG_RUNTIME_DIR: at("run") }, home: at("home"), uid: 1234 },
    { daemon: { auditRoot: at("audit"), socketPath: undefined, podmanSocket: undefined } },
  );
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("resolveMountSource", () => {
  const refusal = (why: string) => ({ code: "mount_invalid", message: expect.stringContaining(why) });

  it("gives what a path leads to, be it a directory, a file or a link", async () => {
    await writeFile(at("home/project/file, with a comma"), "");
    await symlink("project/file, with a comma", at("home/link"));
    expect(await resolveMountSource(at("home/project"), protectedOnes, "none")).toBe(at("home/project"));
    expect(await resolveMountSource(at("home/link"), protectedOnes, "none")).toBe(
      at("home/project/file, with a comma"),
    );
  });

  it("refuses what does not exist, naming it", async () => {
    await expect(resolveMountSource(at("home/nothing"), protectedOnes, "none")).rejects.toMatchObject({
      code: "mount_invalid",
      message: `cannot mount ${at("home/nothing")}: there is no such file or directory`,
      next: expect.stringContaining("create its source"),
    });
    await writeFile(at("file"), "");
    await symlink("gone", at("dangling"));
    await symlink("circle", at("circle"));
    await mkdir(at("closed/inside"), { recursive: true });
    await chmod(at("closed"), 0);
    for (const [path, why] of [
      ["file/below", "a part of its path is not a directory"],
      ["dangling", "there is no such file or directory"],
      ["circle", "its symbolic links form a loop"],
      ["closed/inside", "permission denied"],
    ] as const) {
      await expect(resolveMountSource(at(path), protectedOnes, "none")).rejects.toMatchObject(refusal(why));
    }
    await chmod(at("closed"), 0o700);
  });

  it.each([
    ["/", "it is the root directory"],
    ["home", "it is the home directory"],
    ["home/.local", "it contains agentd's state directory"],
    ["run", "it is the runtime directory"],
    ["run/podman/podman.sock", "it lies in Podman's runtime directory"],
    ["audit/demo", "it lies in the records of all sessions"],
  ])("refuses %s, and a link to it", async (path, why) => {
    const source = path === "/" ? path : at(path);
    await symlink(source, at("home/project/link"));
    await expect(resolveMountSource(source, protectedOnes, "none")).rejects.toMatchObject(refusal(why));
    await expect(resolveMountSource(at("home/project/link"), protectedOnes, "none")).rejects.toMatchObject(
      refusal(`it leads to ${source}: ${why}`),
    );
  });

  it("refuses a protected path under the name that a link on the way to it gives", async () => {
    await symlink("home", at("alias"));
    const byAlias = protectedPaths(
      { env: { HOME: at("alias"), XDG_RUNTIME_DIR: at("run") }, home: at("alias"), uid: 1234 },
      { daemon: { auditRoot: at("alias/later/audit"), socketPath: undefined, podmanSocket: undefined } },
    );
    await expect(resolveMountSource(at("home"), byAlias, "none")).rejects.toMatchObject(
      refusal("it is the home directory"),
    );
    await mkdir(at("home/later"));
    await expect(resolveMountSource(at("home/later"), byAlias, "none")).rejects.toMatchObject(
      refusal("it contains the records of all sessions"),
    );
    expect(await resolveMountSource(at("alias/project"), byAlias, "none")).toBe(at("home/project"));
  });

  it("refuses to change the labels of what a link leads to when the system uses it", async () => {
    await symlink("/etc", at("home/project/link"));
    const link = at("home/project/link");
    expect(await resolveMountSource(link, protectedOnes, "none")).toBe("/etc");
    await expect(resolveMountSource(link, protectedOnes, "private")).rejects.toMatchObject(
      refusal("SELinux labels"),
    );
    expect(await resolveMountSource(at("home/project"), protectedOnes, "private")).toBe(at("home/project"));
  });
});

describe("checkMethodology", () => {
  const refusal = (why: string) => ({ code: "methodology_invalid", message: expect.stringContaining(why) });

  it("gives the directory with its links followed", async () => {
    await writeFile(at("home/project/manifest.toml"), "");
    await symlink("home/project", at("link"));
    expect(await checkMethodology(at("link"), protectedOnes)).toBe(at("home/project"));
  });

  it("refuses what is no directory with a manifest.toml, and says what is missing", async () => {
    await writeFile(at("file"), "");
    await mkdir(at("odd/manifest.toml"), { recursive: true });
    for (const [path, why] of [
      ["nothing", `cannot use the methodology ${at("nothing")}: there is no such file or directory`],
      ["file", "it is not a directory"],
      ["home/project", "it has no manifest.toml"],
      ["odd", "its manifest.toml is not a file"],
    ] as const) {
      await expect(checkMethodology(at(path), protectedOnes)).rejects.toMatchObject(refusal(why));
    }
  });

  it("refuses what must not be handed over, with or without a manifest", async () => {
    await writeFile(at("home/manifest.toml"), "");
    await symlink("home", at("link"));
    await expect(checkMethodology(at("link"), protectedOnes)).rejects.toMatchObject(
      refusal("it is the home directory"),
    );
  });
});
