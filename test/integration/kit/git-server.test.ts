import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startGitServer } from "../../kit/git-server.mjs";
import { commit, git, makeRepository } from "../../kit/repositories.mjs";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-git-server-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("the kit's git server", () => {
  it("serves clones and fetches over smart HTTP and counts the packs", async () => {
    const first = await makeRepository(join(root, "demo.git"), { files: { "a.txt": "a\n" } });
    const server = await startGitServer(root);
    try {
      const clone = join(root, "clone");
      await git(root, ["clone", "--quiet", `${server.url}/demo.git`, clone]);
      expect(await git(clone, ["rev-parse", "HEAD"])).toBe(first);
      expect(server.packsServed()).toBe(1);
      await git(clone, ["fetch", "--quiet"]);
      expect(server.packsServed()).toBe(1);

      const second = await commit(join(root, "demo.git"), { files: { "b.txt": "b\n" }, branch: "topic" });
      await git(clone, ["fetch", "--quiet"]);
      expect(await git(clone, ["rev-parse", "origin/topic"])).toBe(second);
      expect(server.packsServed()).toBe(2);
    } finally {
      await server.close();
    }
  });

  it("serves a pack larger than any buffer on the way, byte for byte", async () => {
    const content = Buffer.from(
      Array.from({ length: 3_000_000 }, (_, index) => (index * 7919 + (index >> 8)) & 255),
    );
    await makeRepository(join(root, "big.git"), { files: { "big.bin": { content } } });
    const server = await startGitServer(root);
    try {
      await git(root, ["clone", "--quiet", `${server.url}/big.git`, join(root, "clone")]);
      expect((await readFile(join(root, "clone/big.bin"))).equals(content)).toBe(true);
    } finally {
      await server.close();
    }
  });

  it("refuses every request without the token when it has one", async () => {
    await makeRepository(join(root, "private.git"));
    const server = await startGitServer(root, { token: "s3:cret" });
    try {
      const withToken = server.url.replace("http://", "http://x:s3%3Acret@");
      await git(root, ["clone", "--quiet", `${withToken}/private.git`, join(root, "clone")]);
      const refused = git(root, ["-c", "core.askPass=true", "ls-remote", `${server.url}/private.git`]);
      await expect(refused).rejects.toThrow(/Authentication failed/);
    } finally {
      await server.close();
    }
  });

  it("answers for a repository that does not exist as git servers do", async () => {
    const server = await startGitServer(root);
    try {
      await expect(git(root, ["ls-remote", `${server.url}/none.git`])).rejects.toThrow(/not found/);
    } finally {
      await server.close();
    }
  });
});
