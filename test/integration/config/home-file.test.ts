import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchedEntry, homeEntry } from "../../../src/config/home-file.ts";

let directory: string;
let skill: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-home-file-"));
  skill = join(directory, "review");
  await mkdir(join(skill, "scripts"), { recursive: true });
  await writeFile(join(skill, "SKILL.md"), "Review.\n");
  await writeFile(join(skill, "scripts", "lint.sh"), "#!/bin/sh\n");
  await chmod(join(skill, "scripts", "lint.sh"), 0o755);
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const entry = (source: string) => homeEntry({ target: "~/.x/review", source }, []);

describe("a source for a home", () => {
  it("may be a directory: its files with their paths, and which of them are executable", async () => {
    const { files } = await entry(skill);
    expect(files.map(({ path, content, isExecutable }) => [path, content.toString(), isExecutable])).toEqual([
      [".x/review/SKILL.md", "Review.\n", false],
      [".x/review/scripts/lint.sh", "#!/bin/sh\n", true],
    ]);
  });

  it("has the digest that sha256sum gives", async () => {
    const { stdout } = await execa({
      cwd: skill,
      shell: true,
    })`find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum`;
    expect((await entry(skill)).sha256).toBe(stdout.split(" ")[0]);
    const file = await execa({ cwd: skill })`sha256sum SKILL.md`;
    expect((await entry(join(skill, "SKILL.md"))).sha256).toBe(file.stdout.split(" ")[0]);
  });

  it("is reached through a link, but has none in it", async () => {
    await symlink(skill, join(directory, "link"));
    expect((await entry(join(directory, "link"))).files).toHaveLength(2);
    await symlink("/etc/passwd", join(skill, "users"));
    await expect(entry(skill)).rejects.toMatchObject({
      code: "file_invalid",
      message: expect.stringContaining(
        "users in it is a symbolic link, and only regular files are copied",
      ) as string,
    });
  });

  it("has its bounds", async () => {
    await writeFile(join(skill, "large"), Buffer.alloc(1_048_577));
    await expect(entry(skill)).rejects.toThrow("large in it cannot be read: it has 1048577 bytes");
    await rm(join(skill, "large"));
    for (let each = 0; each < 9; each += 1)
      await writeFile(join(skill, `part${each}`), Buffer.alloc(1_000_000));
    await expect(entry(skill)).rejects.toThrow("its files have more than 8388608 bytes");
    for (let each = 0; each < 9; each += 1) await rm(join(skill, `part${each}`));
    for (let each = 0; each < 998; each += 1) await mkdir(join(skill, `empty${each}`));
    await expect(entry(skill)).rejects.toThrow("it has more than 1000 entries");
  });

  it("is there when a session starts", async () => {
    await expect(entry(join(directory, "gone"))).rejects.toMatchObject({ code: "file_invalid" });
  });
});

describe("a source of a repository for a home", () => {
  const fetched = (path: string) =>
    fetchedEntry("~/.x/review", { url: "https://git.example.org/s.git", ref: "v1", path, directory });

  it("is a directory or a file of it", async () => {
    expect((await fetched("review")).files.map(({ path }) => path)).toEqual([
      ".x/review/SKILL.md",
      ".x/review/scripts/lint.sh",
    ]);
    expect((await fetched("review/SKILL.md")).files.map(({ path }) => path)).toEqual([".x/review"]);
    expect((await fetched("review")).sha256).toBe((await entry(skill)).sha256);
  });

  it("is not reached through a link, which could lead out of the repository", async () => {
    await symlink("/etc", join(directory, "out"));
    for (const path of ["out", "out/hostname"]) {
      await expect(fetched(path)).rejects.toMatchObject({
        code: "file_invalid",
        message: expect.stringContaining("out is a symbolic link") as string,
      });
    }
    await expect(fetched("review/none")).rejects.toThrow(
      "cannot read review/none of https://git.example.org/s.git at v1 for the session's home: the repository has no such file",
    );
  });
});
