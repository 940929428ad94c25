import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import type { CloneSource } from "../../../src/workspace/clone.ts";
import { type FetchedSource, fetchSource } from "../../../src/workspace/fetch-source.ts";
import { createGit } from "../../../src/workspace/git.ts";
import { Mirrors } from "../../../src/workspace/mirrors.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { type GitServer, startGitServer } from "../../kit/git-server.mjs";
import { commit, git, makeRepository } from "../../kit/repositories.mjs";

let root: string;
let repository: string;
let server: GitServer;
let sessions = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-fetch-source-"));
  repository = join(root, "skills.git");
  server = await startGitServer(root);
});
afterEach(async () => {
  await server.close();
  await removeTree(root);
});

/** As a session of its own. */
async function fetch(source: Partial<CloneSource> = {}): Promise<FetchedSource> {
  const id = String((sessions += 1)).padStart(16, "0");
  const staging = await Staging.create(join(root, "staging"), id, "0123abcd");
  return await fetchSource(
    staging,
    "0",
    { url: `${server.url}/skills.git`, ref: null, ...source },
    {
      git: createGit({ PATH: process.env["PATH"] }),
      mirrors: new Mirrors(join(root, "repos")),
      signal: new AbortController().signal,
    },
  );
}

describe("a repository for a session's home", () => {
  it("is fetched at a branch, a tag or a commit, and only its files are there", async () => {
    const first = await makeRepository(repository, { files: { "review/SKILL.md": "one\n" } });
    await git(repository, ["tag", "v1"]);
    const second = await commit(repository, { files: { "review/SKILL.md": "two\n" }, branch: "main" });
    for (const [ref, expected, text] of [
      [null, second, "two\n"],
      ["main", second, "two\n"],
      ["v1", first, "one\n"],
      [first, first, "one\n"],
    ] as const) {
      const fetched = await fetch({ ref });
      expect(fetched).toMatchObject({ commit: expected, warnings: [] });
      expect(await readdir(fetched.directory)).toEqual(["review"]);
      expect(await readFile(join(fetched.directory, "review", "SKILL.md"), "utf8")).toBe(text);
    }
  });

  it("comes from its mirror when it is fetched again", async () => {
    await makeRepository(repository);
    await fetch();
    const packs = server.packsServed();
    await fetch();
    expect(server.packsServed()).toBe(packs);
  });

  it("is not there, or has no such ref: each is said", async () => {
    await makeRepository(repository);
    await expect(fetch({ ref: "v9" })).rejects.toMatchObject({ code: "ref_not_found" });
    await expect(fetch({ url: `${server.url}/other.git` })).rejects.toMatchObject({ code: "clone_failed" });
  });

  it("is fetched without what it names elsewhere, with a warning", async () => {
    await makeRepository(repository, { files: { ".gitmodules": "", "SKILL.md": "one\n" } });
    expect((await fetch()).warnings).toEqual([
      `${server.url}/skills.git: The repository has submodules; they were not cloned.`,
    ]);
  });
});
