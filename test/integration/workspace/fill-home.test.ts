import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fillHome } from "../../../src/workspace/fill-home.ts";

let place: string;
let home: string;
let outside: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "agentd-home-"));
  home = join(place, "home");
  outside = join(place, "outside");
  await mkdir(home);
  await mkdir(outside);
  await writeFile(join(outside, "file"), "the operator's\n");
});
afterEach(async () => {
  await rm(place, { recursive: true });
});

const file = (path: string, content = "new\n"): { path: string; content: Buffer } => ({
  path,
  content: Buffer.from(content),
});
const fill = (...files: { path: string; content: Buffer }[]): Promise<void> =>
  fillHome(home, { files, fallback: [] });
const outsideNow = async (): Promise<string[]> => [
  ...(await readdir(outside)),
  await readFile(join(outside, "file"), "utf8"),
];

describe("the files of a home", () => {
  it("are there with their modes, whatever the umask", async () => {
    const umask = process.umask(0o077);
    const script = { ...file("run.sh", "#!/bin/sh\n"), isExecutable: true };
    try {
      await fill(file(".config/tool/a.toml", "a = 1\n"), file(".config/b"), file("empty", ""), script);
    } finally {
      process.umask(umask);
    }
    expect(await readFile(join(home, ".config/tool/a.toml"), "utf8")).toBe("a = 1\n");
    const modes = [".config", ".config/tool", ".config/tool/a.toml", ".config/b", "empty", "run.sh"].map(
      async (path) => (await stat(join(home, path))).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o700, 0o600, 0o600, 0o600, 0o700]);
    expect((await readdir(home)).sort()).toEqual([".config", "empty", "run.sh"]);
  });

  it("leave a directory as it is that the home has", async () => {
    await mkdir(join(home, ".config"));
    await chmod(join(home, ".config"), 0o755);
    await fill(file(".config/a"));
    expect((await stat(join(home, ".config"))).mode & 0o777).toBe(0o755);
  });

  it("replace a file, and write through no link of any kind", async () => {
    await writeFile(join(home, "old"), "old\n");
    await symlink(join(outside, "file"), join(home, "soft"));
    await link(join(outside, "file"), join(home, "hard"));
    await fill(file("old"), file("soft"), file("hard"));
    for (const name of ["old", "soft", "hard"]) {
      expect(await readFile(join(home, name), "utf8")).toBe("new\n");
      expect((await lstat(join(home, name))).isFile()).toBe(true);
    }
    expect(await outsideNow()).toEqual(["file", "the operator's\n"]);
  });

  it("are refused where a link is on the way", async () => {
    await symlink(outside, join(home, ".config"));
    await expect(fill(file(".config/a"))).rejects.toMatchObject({
      code: "file_invalid",
      message: "cannot write ~/.config/a in the session's home: a symbolic link is on the way to it",
    });
    await symlink(outside, join(home, "b"));
    await expect(fill(file("b/c/d"))).rejects.toThrow("a symbolic link is on the way");
    expect(await outsideNow()).toEqual(["file", "the operator's\n"]);
  });

  it("are refused where a file is on the way, or a directory has the name", async () => {
    await writeFile(join(home, ".config"), "");
    await mkdir(join(home, "taken"));
    await expect(fill(file(".config/a"))).rejects.toThrow("a file is on the way");
    await expect(fill(file("taken"))).rejects.toThrow("there is a directory of that name");
    expect((await readdir(home)).sort()).toEqual([".config", "taken"]);
  });
});

describe("what a home has by default", () => {
  const fallback = [file(".gitconfig", "first\n"), file(".config/git/config", "second\n")];
  const fillDefault = (): Promise<void> => fillHome(home, { files: [], fallback });

  it("is the first file where the home has none", async () => {
    await fillDefault();
    expect(await readdir(home, { recursive: true })).toEqual([".gitconfig"]);
  });

  it("is the next one where the home has the first, be it a dangling link", async () => {
    await symlink("/nowhere", join(home, ".gitconfig"));
    await fillDefault();
    expect(await readFile(join(home, ".config/git/config"), "utf8")).toBe("second\n");
    expect((await lstat(join(home, ".gitconfig"))).isSymbolicLink()).toBe(true);
  });

  it("is nothing where both are taken, or a link is on the way", async () => {
    await symlink(join(outside, "file"), join(home, ".gitconfig"));
    await symlink(outside, join(home, ".config"));
    await fillDefault();
    expect(await outsideNow()).toEqual(["file", "the operator's\n"]);
  });

  it("gives way to a file of the profile", async () => {
    await fillHome(home, { files: [file(".gitconfig", "mine\n")], fallback });
    expect(await readFile(join(home, ".gitconfig"), "utf8")).toBe("mine\n");
  });
});
