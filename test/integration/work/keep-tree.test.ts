import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { exportWork, type WorkExport } from "../../../src/work/export-work.ts";
import { keepTree } from "../../../src/work/keep/keep-tree.ts";
import { copyDirectory } from "../../../src/workspace/copy-directory.ts";
import { deliverClone } from "../../../src/workspace/deliver-clone.ts";
import { gitEnvironment } from "../../../src/workspace/git.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { type Files, writeFiles } from "../../kit/files.mjs";
import { git } from "../../kit/repositories.mjs";

const environment = gitEnvironment({ PATH: process.env["PATH"] }, []);
const { signal } = new AbortController();

let root: string;
let source: string;
let staging: Staging;
let repo: string;
let out: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-tree-"));
  source = join(root, "source");
  await mkdir(source);
  staging = await Staging.create(join(root, "staging"), "0123456789abcdef", "0123abcd");
  repo = staging.repoDirectory;
  out = join(root, "work");
});
afterEach(async () => {
  await removeTree(root);
});

/** Copies the source, keeps it and delivers it to the agent. */
async function begin(): Promise<string[]> {
  const { cloneDirectory, baseDirectory } = staging;
  await mkdir(cloneDirectory);
  const request = { source, target: cloneDirectory, ignore: [], limitBytes: 2 ** 30 };
  const { paths } = copyDirectory(request, () => undefined);
  const warnings = await keepTree({
    ...{ treeDirectory: cloneDirectory, paths, baseDirectory, limitBytes: 2 ** 30, environment, signal },
  });
  await deliverClone(staging, { selinux: false, signal });
  return warnings;
}

async function exported(): Promise<WorkExport> {
  const scratchDirectory = join(staging.directory, "export");
  const { baseDirectory } = staging;
  return await exportWork(
    { repoDirectory: repo, baseDirectory, scratchDirectory, outDirectory: out, environment },
    signal,
  );
}

/** The original with the patch applied, as an operator does it. */
async function applied(): Promise<string> {
  const checkout = join(root, "checkout");
  await execa("cp", ["-a", source, checkout]);
  await git(checkout, ["apply", "--binary", join(out, "changes.patch")]);
  return checkout;
}

const commitAll = async (directory: string, message: string): Promise<string> => {
  await git(directory, ["add", "--all"]);
  await git(directory, ["commit", "--quiet", "--message", message]);
  return await git(directory, ["rev-parse", "HEAD"]);
};
const makeHistory = async (files: Files): Promise<string> => {
  await git(source, ["init", "--quiet", "--initial-branch=main"]);
  await writeFiles(source, files);
  return await commitAll(source, "Start");
};

describe("the work in a copy of a directory", () => {
  it("is nothing where nothing was changed", async () => {
    await writeFiles(source, {
      "a.txt": "a\n",
      "d/b": { content: "b", mode: 0o755 },
      link: { linkTo: "a.txt" },
    });
    expect(await begin()).toEqual([]);
    const { summary, warnings } = await exported();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({
      base: null,
      head: { commit: null, branch: null },
      ...{
        commit_count: 0,
        files_changed: 0,
        uncommitted: 0,
        patch_bytes: 0,
        bundle_bytes: null,
        left_out: [],
      },
    });
  });

  it("is a patch against the copy", async () => {
    await writeFiles(source, {
      ...{ "a.txt": "a\n", gone: "gone\n", "crlf.txt": "one\r\ntwo\r\n", ".gitattributes": "* text=auto\n" },
      ...{ ".gitignore": "*.log\n", "kept.log": "before\n" },
    });
    expect(await begin()).toEqual([]);
    await writeFiles(repo, {
      "a.txt": "changed\n",
      "d/new": "new\n",
      "new.log": "ignored\n",
      "kept.log": "after\n",
    });
    await writeFile(join(repo, "crlf.txt"), "one\r\n2\r\n");
    await rm(join(repo, "gone"));
    const { summary, warnings } = await exported();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({ base: null, files_changed: 5, uncommitted: 5, commit_count: 0 });
    const checkout = await applied();
    expect(await readFile(join(checkout, "a.txt"), "utf8")).toBe("changed\n");
    expect(await readFile(join(checkout, "d/new"), "utf8")).toBe("new\n");
    expect(await readFile(join(checkout, "crlf.txt"), "utf8")).toBe("one\r\n2\r\n");
    expect(await readFile(join(checkout, "kept.log"), "utf8")).toBe("after\n");
    await expect(readFile(join(checkout, "gone"))).rejects.toThrow("ENOENT");
  });

  it("has the commits of a repository that the agent makes, without prerequisites", async () => {
    await writeFiles(source, { "a.txt": "a\n" });
    await begin();
    await git(repo, ["init", "--quiet", "--initial-branch=main"]);
    await writeFiles(repo, { "b.txt": "b\n" });
    const head = await commitAll(repo, "All");
    await writeFiles(repo, { "c.txt": "c\n" });
    const { summary, warnings } = await exported();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({
      base: null,
      head: { commit: head, branch: "refs/heads/main" },
      ...{ commit_count: 1, files_changed: 2, uncommitted: 1 },
    });
    const clone = join(root, "clone");
    await git(root, ["clone", "--quiet", join(out, "commits.bundle"), clone]);
    expect(await git(clone, ["rev-parse", "HEAD"])).toBe(head);
  });

  it("has commits on top of those that the directory had", async () => {
    const base = await makeHistory({ "a.txt": "a\n", "b.txt": "b\n" });
    await git(source, ["gc", "--quiet"]);
    await writeFiles(source, { "a.txt": "uncommitted\n", untracked: "untracked\n" });
    expect(await begin()).toEqual([]);
    await writeFiles(repo, { "b.txt": "agent\n" });
    await git(repo, ["commit", "--quiet", "--message", "Ours", "b.txt"]);
    const head = await git(repo, ["rev-parse", "HEAD"]);
    const { summary, warnings } = await exported();
    expect(warnings).toEqual([]);
    // The patch has what the agent did, and not what the directory had uncommitted.
    expect(summary).toMatchObject({
      base,
      head: { commit: head },
      ...{ commit_count: 1, files_changed: 1, uncommitted: 2, left_out: [] },
    });
    await git(source, ["fetch", "--quiet", join(out, "commits.bundle"), "refs/heads/main:refs/agentd/main"]);
    expect(await git(source, ["rev-parse", "refs/agentd/main"])).toBe(head);
    expect(await git(source, ["bundle", "verify", join(out, "commits.bundle")])).toContain("requires");
    expect(await readFile(join(await applied(), "b.txt"), "utf8")).toBe("agent\n");
  });

  it.each<[string, () => Promise<void>, string]>([
    [
      "is a file",
      async () => {
        await rm(join(source, ".git"), { recursive: true });
        await writeFile(join(source, ".git"), "gitdir: /nowhere\n");
      },
      ".git is no directory",
    ],
    [
      "borrows objects",
      () => writeFile(join(source, ".git/objects/info/alternates"), "/nowhere\n"),
      "has a file alternates",
    ],
    [
      "has links for packs",
      async () => {
        await mkdir(join(source, ".git/objects/pack"), { recursive: true });
        await symlink("/etc/passwd", join(source, `.git/objects/pack/pack-${"a".repeat(40)}.pack`));
      },
      "something that is no file",
    ],
    [
      "lost its commit",
      () => rm(join(source, ".git/objects"), { recursive: true }),
      "cannot be read (ENOENT)",
    ],
  ])("is files alone where the repository in it %s", async (_what, spoil, why) => {
    await makeHistory({ "a.txt": "a\n" });
    await spoil();
    const warnings = await begin();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("is not a base for the session's commits");
    expect(warnings[0]).toContain(why);
    await writeFiles(repo, { "a.txt": "changed\n" });
    expect((await exported()).summary).toMatchObject({ base: null, files_changed: 1 });
    expect(await readFile(join(out, "changes.patch"), "utf8")).toContain("+changed");
  });

  it("is kept without running anything that the directory names", async () => {
    const canary = join(root, "canary");
    await makeHistory({ "a.txt": "a\n", ".gitattributes": "* filter=run diff=run\n" });
    const { git: add } = {
      git: (name: string, value: string) => git(source, ["config", name, value]),
    };
    await add("filter.run.clean", `touch ${canary}; cat`);
    await add("filter.run.required", "true");
    await add("core.fsmonitor", `touch ${canary}`);
    await add("core.hooksPath", ".");
    await add("diff.run.textconv", `touch ${canary}; cat`);
    await writeFiles(source, {
      "post-index-change": { content: `#!/bin/sh\ntouch ${canary}\n`, mode: 0o755 },
    });
    expect(await begin()).toEqual([]);
    await writeFiles(repo, { "a.txt": "changed\n" });
    await exported();
    await expect(readFile(canary)).rejects.toThrow("ENOENT");
  });

  it("leaves repositories within alone, and says so", async () => {
    await git(source, ["init", "--quiet", "--initial-branch=main", "sub"]);
    await writeFiles(source, { "sub/a": "a\n", b: "b\n" });
    await begin();
    const { summary } = await exported();
    expect(summary).toMatchObject({ files_changed: 0, left_out: [{ what: "sub" }] });
  });
});

describe("the work in an empty workspace", () => {
  it("is all that is there", async () => {
    await begin();
    await git(repo, ["init", "--quiet", "--initial-branch=main"]);
    await writeFiles(repo, { "a.txt": "a\n" });
    const head = await commitAll(repo, "First");
    await writeFiles(repo, { "b.txt": "b\n" });
    const { summary, warnings } = await exported();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({
      ...{ base: null, commit_count: 1, files_changed: 2, uncommitted: 1 },
      head: { commit: head },
    });
    expect(await readFile(join(await applied(), "b.txt"), "utf8")).toBe("b\n");
  });

  it("is nothing where the agent has done nothing", async () => {
    await begin();
    const { summary, warnings } = await exported();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({ base: null, commit_count: 0, files_changed: 0, uncommitted: 0 });
  });
});
