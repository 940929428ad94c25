import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { Staging } from "../../../src/workspace/staging.ts";

const SESSION = "0123456789abcdef";

let root: string;
let stagingRoot: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-staging-"));
  stagingRoot = join(root, "cache/staging");
});
afterEach(async () => {
  await removeTree(root);
});

describe("a staging directory", () => {
  it("has the mount points ready, nothing where git clones to, and a private parent", async () => {
    const staging = await Staging.create(stagingRoot, SESSION, "0123abcd");
    expect(staging.directory).toBe(join(stagingRoot, SESSION));
    expect(await readdir(staging.directory)).toEqual(["home", "repo"]);
    expect(await readdir(staging.repoDirectory)).toEqual([".runa"]);
    expect(await readdir(staging.homeDirectory)).toEqual(["repo"]);
    await expect(lstat(staging.cloneDirectory)).rejects.toMatchObject({ code: "ENOENT" });
    expect((await lstat(staging.directory)).mode & 0o777).toBe(0o700);
    expect((await lstat(stagingRoot)).mode & 0o777).toBe(0o700);
  });

  it("is not made where the session has one already", async () => {
    await Staging.create(stagingRoot, SESSION, "0123abcd");
    await expect(Staging.create(stagingRoot, SESSION, "0123abcd")).rejects.toMatchObject({
      code: "state_unusable",
      message: expect.stringContaining("EEXIST"),
    });
  });

  it("is removed, again, and where there never was one", async () => {
    const staging = await Staging.create(stagingRoot, SESSION, "0123abcd");
    await staging.remove();
    await staging.remove();
    await new Staging(stagingRoot, "fedcba9876543210").remove();
    expect(await readdir(stagingRoot)).toEqual([]);
  });
});

describe("what an agent leaves behind", () => {
  let staging: Staging;

  beforeEach(async () => {
    staging = await Staging.create(stagingRoot, SESSION, "0123abcd");
  });

  it("is removed where directories are unreadable, read-only or not to be entered", async () => {
    for (const mode of [0o000, 0o111, 0o444, 0o555]) {
      const directory = join(staging.repoDirectory, mode.toString(8));
      await mkdir(join(directory, "sub/sub"), { recursive: true });
      await writeFile(join(directory, "sub/file"), "x", { mode: 0o400 });
      await chmod(join(directory, "sub"), mode);
      await chmod(directory, mode);
    }
    await chmod(staging.repoDirectory, 0);
    await staging.remove();
    expect(await readdir(stagingRoot)).toEqual([]);
  });

  it("is removed without following a link, nor changing what it points to", async () => {
    const outside = join(root, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "file"), "kept", { mode: 0o400 });
    await chmod(outside, 0o500);
    const closed = join(staging.repoDirectory, "closed");
    await mkdir(closed);
    await symlink(outside, join(closed, "link"));
    await symlink(join(outside, "file"), join(closed, "link-to-file"));
    await symlink("nowhere", join(closed, "dangling"));
    await chmod(closed, 0o500);
    await staging.remove();
    expect(await readFile(join(outside, "file"), "utf8")).toBe("kept");
    expect((await lstat(outside)).mode & 0o777).toBe(0o500);
    expect((await lstat(join(outside, "file"))).mode & 0o777).toBe(0o400);
  });

  it("is removed where it lies deeper than a path can name, and holds names that are not UTF-8", async () => {
    const half = Array.from({ length: 15 }, () => "d".repeat(200)).join("/");
    const upper = join(staging.homeDirectory, half);
    const lower = join(staging.repoDirectory, half);
    await mkdir(upper, { recursive: true });
    await mkdir(join(lower, "closed/sub"), { recursive: true });
    await writeFile(Buffer.concat([Buffer.from(`${lower}/`), Buffer.from([0xff, 0xfe])]), "x");
    await execa("mkfifo", [join(lower, "fifo")]);
    await chmod(join(lower, "closed"), 0);
    await rename(staging.repoDirectory, join(upper, "repo"));
    await staging.remove();
    expect(await readdir(stagingRoot)).toEqual([]);
  });

  it("is removed where it is deeper than a stack", async () => {
    const levels = Array.from({ length: 1000 }, () => "d").join("/");
    for (let thousands = 1; thousands <= 12; thousands++) {
      const upper = join(staging.homeDirectory, "upper", levels);
      await mkdir(upper, { recursive: true });
      await rename(staging.repoDirectory, join(upper, "lower"));
      await rename(join(staging.homeDirectory, "upper"), staging.repoDirectory);
    }
    await staging.remove();
    expect(await readdir(stagingRoot)).toEqual([]);
  });

  it("is removed while other work goes on", async () => {
    const files = Array.from({ length: 2000 }, (_, number) => join(staging.repoDirectory, String(number)));
    await Promise.all(files.map((file) => writeFile(file, "x")));
    let turns = 0;
    const counting = setInterval(() => turns++, 0);
    await staging.remove();
    clearInterval(counting);
    expect(turns).toBeGreaterThan(2);
    expect(await readdir(stagingRoot)).toEqual([]);
  });
});
