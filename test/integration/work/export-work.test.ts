import {
  chmod,
  lstat,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  unlink,
} from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, git, makeRepository } from "../../kit/repositories.mjs";
import { SessionWork } from "./session-work.ts";

let work: SessionWork;
beforeEach(async () => {
  work = await SessionWork.make();
});
afterEach(async () => {
  await work.remove();
});

/** Every file of a checkout but those of git: its mode and its content. */
async function contents(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of await readdir(directory, { recursive: true })) {
    if (path === ".git" || path.startsWith(".git/") || path === ".runa") continue;
    const stats = await lstat(join(directory, path));
    if (stats.isSymbolicLink()) found[path] = `link to ${await readlink(join(directory, path))}`;
    else if (stats.isFile()) {
      const mode = stats.mode & 0o100 ? "executable" : "file";
      found[path] = `${mode} ${(await readFile(join(directory, path))).toString("latin1")}`;
    }
  }
  return found;
}

describe("the work of a session", () => {
  it("is an empty patch and no bundle when nothing was changed, without a single run of git", async () => {
    const base = await work.begin();
    const { summary, warnings, gitStarts } = await work.export();
    expect(gitStarts).toBe(0);
    expect(warnings).toEqual([]);
    expect(summary).toEqual({
      base,
      head: { commit: base, branch: "refs/heads/main" },
      branches: [],
      commit_count: 0,
      commits: [],
      files_changed: 0,
      insertions: 0,
      deletions: 0,
      uncommitted: 0,
      patch_bytes: 0,
      bundle_bytes: null,
      artifacts: null,
      left_out: [],
      left_out_count: 0,
    });
    expect((await readdir(work.out)).sort()).toEqual(["changes.patch", "summary.json"]);
    expect(JSON.parse(await readFile(join(work.out, "summary.json"), "utf8"))).toEqual(summary);
    expect(await readFile(work.patch, "utf8")).toBe("");
  });

  it("has the artifacts that are asked for, with what the patch has left of the limits", async () => {
    await work.begin();
    await work.write({ "src/a.txt": "a\nb\n", "dist/one": "1", "dist/two": "2".repeat(600) });
    const outDirectory = join(work.root, "artifacts");
    const artifacts = { patterns: ["dist/**", "~/x"], homeDirectory: work.root, outDirectory };
    const { summary, warnings } = await work.export({ bytes: 1600 }, artifacts);
    expect(summary.patch_bytes).toBeGreaterThan(1000);
    expect(summary.artifacts).toMatchObject({
      files: 1,
      bytes: 1,
      unmatched: ["~/x"],
      left_out: [{ what: "dist/two" }],
      left_out_count: 1,
    });
    expect(warnings).toEqual([
      "Some of the session's artifacts were left out; summary.json says which, and why.",
    ]);
    expect(await readdir(outDirectory, { recursive: true })).toEqual(["dist", "dist/one"]);

    const none = await work.export({}, { ...artifacts, patterns: [] });
    expect(none.summary.artifacts).toBeNull();
  });

  it("has commits by their own ids, and a patch with what was not committed", async () => {
    const base = await work.begin();
    await work.git("checkout", "--quiet", "-b", "fix");
    const first = await work.commit("First", { "src/a.txt": "a\nb\n" });
    const second = await work.commit("Second\n\nWith a body.", { "new/b.txt": "b\n" });
    await work.write({ "README.md": "# Changed\n", "untracked.txt": "u\n" });
    const { summary, warnings } = await work.export();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({
      base,
      head: { commit: second, branch: "refs/heads/fix" },
      branches: [{ name: "refs/heads/fix", commit: second, is_new: true }],
      commit_count: 2,
      commits: [
        { id: second, subject: "Second", author: "Ada <ada@example.org>", time: "2025-01-01T12:00:00.000Z" },
        { id: first, subject: "First" },
      ],
      files_changed: 4,
      insertions: 4,
      deletions: 1,
      uncommitted: 2,
      patch_bytes: (await stat(work.patch)).size,
      bundle_bytes: (await stat(work.bundle)).size,
      left_out: [],
    });
    const checkout = await work.fetched();
    expect(await git(checkout, ["rev-list", "refs/agentd/HEAD", `^${base}`])).toBe(`${second}\n${first}`);
    expect(await git(checkout, ["rev-parse", "refs/agentd/heads/fix"])).toBe(second);
    expect(await contents(await work.applied(base))).toEqual(await contents(work.repo));
  });

  it("is applied byte for byte: bytes, modes, links, line ends, deletions, renames, and places that changed their kind", async () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}\n`).join("");
    const base = await work.begin({
      ".gitattributes": "*.txt text eol=crlf\n*.u16 text working-tree-encoding=UTF-16LE-BOM eol=lf\n",
      "plain.txt": "one\ntwo\n",
      "touched.txt": "one\ntwo\n",
      "utf.u16": { content: Buffer.from("\ufeffone\ntwo\n", "utf16le") },
      "image.bin": { content: Buffer.from([0, 1, 2, 255, 0, 7]) },
      "tool.sh": { content: "#!/bin/sh\n", mode: 0o755 },
      "long.md": lines,
      link: { linkTo: "plain.txt" },
      "gone/deep/file": "gone\n",
      "directory/file": "file\n",
      "file-to-directory": "file\n",
      "directory-to-link/a": "a\n",
      "directory-to-link/b": "b\n",
      "no-end": "no end",
    });
    const at = (path: string): string => join(work.repo, path);
    await work.write({
      "plain.txt": "one\r\ntwo\r\nthree\r\n",
      "touched.txt": "one\r\ntwo\r\n",
      "utf.u16": { content: Buffer.from("\ufeffone\nzwei\n", "utf16le") },
      "image.bin": { content: Buffer.from([0, 1, 3, 254, 0, 7, 10, 13]) },
      "new.bin": { content: Buffer.from([255, 0, 1]) },
      "no-end": "no end still",
      empty: "",
      "deep/er/new.txt": "new\r\n",
    });
    await chmod(at("tool.sh"), 0o644);
    await chmod(at("no-end"), 0o755);
    await unlink(at("link"));
    await symlink("/etc/passwd", at("link"));
    await rename(at("long.md"), at("renamed.md"));
    await rm(at("gone"), { recursive: true });
    await rm(at("directory"), { recursive: true });
    await rm(at("directory-to-link"), { recursive: true });
    await rm(at("file-to-directory"));
    await work.write({
      directory: "now a file\n",
      "file-to-directory/file": "file\n",
      "directory-to-link": { linkTo: "deep" },
    });
    const { summary } = await work.export();
    expect(summary.left_out).toEqual([]);
    expect(await work.readPatch()).not.toContain("touched.txt");
    expect(await work.readPatch()).toContain("rename from long.md");
    expect(await contents(await work.applied(base))).toEqual(await contents(work.repo));
  });

  it("leaves out what .gitignore files name, but not what was committed all the same, and never .runa", async () => {
    const base = await work.begin({ ".gitignore": "/build/\n*.log\n", "src/.gitignore": "*.tmp\n" });
    await work.write({
      "build/out.o": "o\n",
      "a.log": "log\n",
      "new/.gitignore": "!keep.log\n/own/\n",
      "new/keep.log": "kept\n",
      "new/own/x": "x\n",
      "new/build/x": "kept: the pattern is for the root\n",
      "src/a.tmp": "tmp\n",
      "src/b.txt": "b\n",
      ":(top)odd": "odd\n",
      "-x": "option\n",
      "forced.log": "forced\n",
      "build/forced": "forced\n",
      ".runa/workspace/x": "record\n",
    });
    await work.git("add", "--force", "forced.log", "build/forced");
    await work.git("commit", "--quiet", "--message", "Ignored files");
    await work.export();
    const applied = await contents(await work.applied(base));
    expect(Object.keys(applied).sort()).toEqual([
      "-x",
      ".gitignore",
      ":(top)odd",
      "build/forced",
      "forced.log",
      "new/.gitignore",
      "new/build/x",
      "new/keep.log",
      "src/.gitignore",
      "src/b.txt",
    ]);
  });

  it("converts by the attributes of the cloned commit, whatever they say by the end", async () => {
    const base = await work.begin({
      ".gitattributes": "*.txt text eol=crlf\n",
      "sub/.gitattributes": "*.dat text eol=crlf\n",
      "sub/c.dat": "c\n",
      "a.txt": "a\n",
    });
    await work.write({
      ".gitattributes": "*.txt -text\n",
      "sub/.gitattributes": "*.dat -text\n",
      "a.txt": "a\r\nb\r\n",
      "sub/c.dat": "c\r\nd\r\n",
      "other/.gitattributes": "* text eol=crlf\n",
      "other/b.md": "b\r\n",
    });
    const { summary } = await work.export();
    expect(summary).toMatchObject({ files_changed: 6, left_out: [] });
    const checked = join(work.scratch, "checked.git");
    const show = (path: string): Promise<string> => git(checked, ["cat-file", "-p", `:${path}`]);
    expect(await show("a.txt")).toBe("a\nb");
    expect(await show("sub/c.dat")).toBe("c\nd");
    expect(await git(checked, ["cat-file", "-s", ":other/b.md"])).toBe("3");
    expect(await show(".gitattributes")).toBe("*.txt -text");
    expect(await git(checked, ["ls-files"])).not.toContain("of-the-session");
    expect(base).toMatch(/^[0-9a-f]{40}$/);
  });

  it("goes without conversions where git cannot apply them", async () => {
    await work.begin({ ".gitattributes": "*.u16 text working-tree-encoding=UTF-16\n", "a.md": "a\n" });
    await work.write({ "bad.u16": { content: Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x41]) }, "a.md": "b\n" });
    const { summary } = await work.export();
    expect(summary.left_out.map(({ what }) => what)).toEqual(["conversions"]);
    expect(summary.files_changed).toBe(2);
  });

  it("has what a detached HEAD, other branches, tags, notes and the stash reach", async () => {
    const base = await work.begin();
    await work.git("checkout", "--quiet", "-b", "one");
    const one = await work.commit("One", { "one.txt": "1\n" });
    await work.git("tag", "--annotate", "--message", "A tag", "v1");
    await work.git("notes", "add", "--message", "a note");
    await work.git("checkout", "--quiet", "--detach", base);
    const detached = await work.commit("Detached", { "two.txt": "2\n" });
    await work.write({ "README.md": "# Stashed\n" });
    await work.git("stash");
    const { summary } = await work.export();
    expect(summary.head).toEqual({ commit: detached, branch: null });
    expect(summary.branches.map(({ name }) => name).sort()).toEqual([
      "refs/heads/one",
      "refs/notes/commits",
      "refs/stash",
      "refs/tags/v1",
    ]);
    const checkout = await work.fetched();
    expect(await git(checkout, ["rev-parse", "refs/agentd/HEAD"])).toBe(detached);
    expect(await git(checkout, ["rev-parse", "refs/agentd/heads/one", "refs/agentd/tags/v1^{}"])).toBe(
      `${one}\n${one}`,
    );
  });

  it("says where HEAD is when it only went back", async () => {
    await makeRepository(work.origin);
    const tip = await commit(work.origin, { files: { "b.txt": "b\n" }, branch: "main" });
    await work.clone();
    const before = await work.git("rev-parse", "HEAD^");
    await work.git("reset", "--quiet", "--hard", before);
    const { summary, warnings } = await work.export();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({
      base: tip,
      head: { commit: before },
      commit_count: 0,
      bundle_bytes: null,
      files_changed: 1,
      deletions: 1,
      uncommitted: 0,
    });
  });

  it("has the history of a repository that was begun anew", async () => {
    await work.begin();
    await rm(join(work.repo, ".git"), { recursive: true });
    await work.git("init", "--quiet", "--initial-branch=main");
    const head = await work.commit("Anew", { "n.txt": "n\n" });
    const { summary } = await work.export();
    expect(summary).toMatchObject({ head: { commit: head }, commit_count: 1, uncommitted: 0 });
    expect(await git(await work.fetched(), ["rev-parse", "refs/agentd/HEAD"])).toBe(head);
  });

  it("is exported again over what a first attempt has left", async () => {
    const base = await work.begin();
    await work.commit("One", { "one.txt": "1\n" });
    const first = await work.export();
    const second = await work.export();
    expect(second.summary).toEqual(first.summary);
    expect(await contents(await work.applied(base))).toEqual(await contents(work.repo));
  });

  it("survives a repack by the agent's git", async () => {
    await work.begin();
    const head = await work.commit("One", { "one.txt": "1\n" });
    await work.git("gc", "--quiet", "--prune=now");
    const { summary } = await work.export();
    expect(summary).toMatchObject({ commit_count: 1, head: { commit: head }, left_out: [] });
    expect(await git(await work.fetched(), ["rev-parse", "refs/agentd/HEAD"])).toBe(head);
  });

  it("is what could be had when the time is up", async () => {
    const base = await work.begin();
    const head = await work.commit("One", { "one.txt": "1\n" });
    const { summary, warnings } = await work.export({ timeMs: 1 });
    expect(summary).toMatchObject({ base, head: { commit: head }, commit_count: null, files_changed: null });
    expect(summary.left_out).toEqual([
      { what: "commits", why: "it takes too long" },
      { what: "files", why: "it takes too long" },
    ]);
    expect(warnings).toEqual([
      "The session's commits were not exported: it takes too long.",
      "The session's changed files were not exported: it takes too long.",
    ]);
    expect(await readdir(work.out)).toEqual(["summary.json"]);
  });
});
