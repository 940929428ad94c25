import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readIndex } from "../../../src/work/git/index-file.ts";

let repository: string;
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), "agentd-index-"));
});
afterEach(() => {
  rmSync(repository, { recursive: true });
});

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: repository, encoding: "latin1", env: { PATH: process.env["PATH"] } });

describe("an index", () => {
  it.each([
    ["sha1", 2],
    ["sha1", 3],
    ["sha1", 4],
    ["sha256", 2],
    ["sha256", 4],
  ] as const)("of %s in version %i has what git lists", (format, version) => {
    git("init", "--quiet", `--object-format=${format}`);
    mkdirSync(join(repository, "directory"));
    for (const name of ["a", "directory/b", "directory/bcd", "directory/longer name", "e"])
      writeFileSync(join(repository, name), `content of ${name}`, { mode: name === "e" ? 0o755 : 0o644 });
    symlinkSync("a", join(repository, "link"));
    git("add", "--all");
    if (version === 3) {
      // Only an entry with a flag of its own makes git write this version.
      writeFileSync(join(repository, "later"), "later");
      git("add", "--intent-to-add", "later");
    }
    git("update-index", `--index-version=${version}`);
    const index = readFileSync(join(repository, ".git/index"));
    expect(index.readUInt32BE(4)).toBe(version);
    const entries = [...readIndex(index, format === "sha1" ? 20 : 32)];
    const listed = entries.map(
      ({ mode, id, path }) => `${mode.toString(8)} ${id.toString("hex")} 0\t${path}\n`,
    );
    expect(listed.join("")).toBe(git("ls-files", "--stage"));
    for (const { path, inode, ctimeMs, mtimeMs, size } of entries) {
      if (path === "later") continue;
      const stats = lstatSync(join(repository, path));
      expect([inode, ctimeMs, mtimeMs, size]).toEqual([
        stats.ino % 2 ** 32,
        stats.ctimeMs,
        stats.mtimeMs,
        stats.size,
      ]);
    }
  });

  it("of an unknown version is refused", () => {
    const index = Buffer.from("DIRC\0\0\0\x09\0\0\0\0", "latin1");
    expect(() => [...readIndex(index, 20)]).toThrow("unknown version (9)");
  });
});
