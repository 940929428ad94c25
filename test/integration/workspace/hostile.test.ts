import { lstat, mkdtemp, readFile, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { cloneInto } from "../../../src/workspace/clone.ts";
import { deliverClone } from "../../../src/workspace/deliver-clone.ts";
import { createGit } from "../../../src/workspace/git.ts";
import { Mirrors } from "../../../src/workspace/mirrors.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { startGitServer } from "../../kit/git-server.mjs";
import { commit, git as runGit, makeRepository } from "../../kit/repositories.mjs";

let root: string;
let repository: string;
let mirrors: Mirrors;
let sessions: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-hostile-"));
  repository = join(root, "demo.git");
  mirrors = new Mirrors(join(root, "cache/repos"));
  sessions = 0;
});
afterEach(async () => {
  await removeTree(root);
});

/** Clones, and gives the repository as the session has it. */
async function session(url = repository, ref: string | null = null): Promise<string> {
  sessions += 1;
  const staging = await Staging.create(join(root, "cache/staging"), String(sessions), "0123abcd");
  const git = createGit({ PATH: process.env["PATH"] });
  const { signal } = new AbortController();
  await cloneInto(staging, { url, ref }, { git, mirrors, signal });
  await deliverClone(staging, { selinux: false, signal });
  return staging.repoDirectory;
}

describe("a repository that wants its programs run", () => {
  it("has none of them run, on the way into the mirror or out of it", async () => {
    const canary = join(root, "ran");
    const trap = `touch ${canary}; cat`;
    const hook = { content: `#!/bin/sh\n${trap}\n`, mode: 0o755 };
    const first = await makeRepository(repository, {
      files: {
        "a.txt": "a\n",
        ".gitattributes": "*.txt filter=trap diff=trap merge=trap\n",
        ".gitmodules": `[submodule "x"]\n path = x\n url = ext::sh -c '${trap}'\n update = !${trap}\n`,
        ".gitconfig": `[core]\n fsmonitor = "${trap}"\n`,
        ".lfsconfig": `[lfs]\n url = "ext::${trap}"\n`,
        "hooks/post-checkout": hook,
        ".githooks/post-checkout": hook,
      },
    });
    // Made beforehand: pushing would spring the traps.
    const second = await commit(repository, { files: { "b.txt": "b\n" }, branch: "main" });
    await runGit(repository, ["config", "core.fsmonitor", trap]);
    await runGit(repository, ["config", "core.hooksPath", join(root, "hooks")]);
    await runGit(repository, ["config", "core.alternateRefsCommand", trap]);
    await runGit(repository, ["config", "uploadpack.packObjectsHook", trap]);
    await runGit(repository, ["config", "filter.trap.smudge", trap]);
    await runGit(repository, ["config", "filter.trap.process", trap]);
    const server = await startGitServer(root);
    try {
      for (const url of [repository, `file://${repository}`, `${server.url}/demo.git`]) {
        await runGit(repository, ["update-ref", "refs/heads/main", first]);
        await session(url);
        await runGit(repository, ["update-ref", "refs/heads/main", second]);
        const repo = await session(url);
        expect(await readFile(join(repo, "a.txt"), "utf8")).toBe("a\n");
        expect(await runGit(repo, ["config", "--list", "--local"])).not.toContain("trap");
      }
    } finally {
      await server.close();
    }
    await expect(lstat(canary)).rejects.toMatchObject({ code: "ENOENT" });
    // The traps do work for a git that heeds them.
    const tree = join(root, "control");
    await runGit(root, ["clone", "--quiet", "--no-checkout", repository, tree]);
    await runGit(tree, ["config", "filter.trap.smudge", trap]);
    await runGit(tree, ["checkout", "--quiet", "HEAD", "--", "."]);
    await lstat(canary);
  });
});

describe("a repository with names of all kinds", () => {
  it("keeps files that look like options or lead out of it", async () => {
    const files = {
      "--upload-pack=touch pwned": "option",
      "-rf": "option",
      "-": "dash",
      "d/--output=x": "deep",
      etc: { linkTo: "/etc" },
      up: { linkTo: "../../../.." },
    };
    await makeRepository(repository, { files });
    for (const repo of [await session(), await session()]) {
      expect(await readFile(join(repo, "-rf"), "utf8")).toBe("option");
      expect(await readFile(join(repo, "d/--output=x"), "utf8")).toBe("deep");
      expect(await readlink(join(repo, "etc"))).toBe("/etc");
      expect(await readlink(join(repo, "up"))).toBe("../../../..");
      expect(await runGit(repo, ["status", "--porcelain"])).toBe("");
    }
  });

  it("keeps branches and tags that look like options, like HEAD, or like something for a shell", async () => {
    const head = await makeRepository(repository);
    const odd = [
      "heads/--upload-pack=x",
      "heads/-rf",
      "heads/HEAD",
      "heads/a'b;touch$IFS-x",
      "heads/é",
      "tags/-d",
    ];
    for (const name of odd) await runGit(repository, ["update-ref", `refs/${name}`, head]);
    await session();
    // Different content, so that the mirror learns them too.
    await commit(repository, { files: { "b.txt": "b\n" }, branch: "main" });
    for (const repo of [await session(), await session(repository, "a'b;touch$IFS-x")]) {
      const refs = await runGit(repo, ["for-each-ref", "--format=%(refname)"]);
      for (const name of odd) {
        expect(refs.split("\n")).toContain(`refs/${name.replace("heads/", "remotes/origin/")}`);
      }
    }
  });

  it("may lie at a path with such names", async () => {
    const odd = join(root, 'it\'s $HOME; "x" #1\\ -o', "-demo.git");
    await execa("mkdir", ["-p", join(odd, "..")]);
    await makeRepository(odd);
    await session(odd);
    const repo = await session(odd);
    expect(await runGit(repo, ["remote", "get-url", "origin"])).toBe(odd);
  });
});
