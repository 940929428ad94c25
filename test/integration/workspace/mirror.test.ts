import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { type Clone, cloneInto, type CloneSource } from "../../../src/workspace/clone.ts";
import { deliverClone } from "../../../src/workspace/deliver-clone.ts";
import { createGit } from "../../../src/workspace/git.ts";
import { Mirrors } from "../../../src/workspace/mirrors.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { startGitServer } from "../../kit/git-server.mjs";
import { signalProcessesWith } from "../../kit/processes.mjs";
import { commit, git as runGit, makeRepository } from "../../kit/repositories.mjs";
import { until } from "../../kit/until.mjs";

type Server = Awaited<ReturnType<typeof startGitServer>>;

let root: string;
let repository: string;
let server: Server;
/** What the server waits for before it answers. */
let gate: Promise<void> | undefined;
let mirrors: Mirrors;
let sessions: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-mirror-"));
  repository = join(root, "demo.git");
  gate = undefined;
  server = await startGitServer(root, { beforeAnswer: () => gate });
  mirrors = new Mirrors(join(root, "cache/repos"));
  sessions = 0;
});
afterEach(async () => {
  await server.close();
  await removeTree(root);
});

interface Session extends Clone {
  readonly repo: string;
  /** How many packs the server sent for it. */
  readonly packs: number;
}

async function session(
  source: Partial<CloneSource> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Session> {
  sessions += 1;
  const staging = await Staging.create(join(root, "cache/staging"), String(sessions), "0123abcd");
  const before = server.packsServed();
  const git = createGit({ PATH: process.env["PATH"] });
  const url = `${server.url}/demo.git`;
  const clone = await cloneInto(staging, { url, ref: null, ...source }, { git, mirrors, signal });
  await deliverClone(staging, { selinux: false, signal });
  return { ...clone, repo: staging.repoDirectory, packs: server.packsServed() - before };
}

async function mirrorDirectory(): Promise<string> {
  const names = (await readdir(join(root, "cache/repos"))).filter((name) => !name.endsWith(".lock"));
  expect(names).toHaveLength(1);
  return join(root, "cache/repos", String(names[0]));
}

async function branches(repo: string): Promise<string[]> {
  return (await runGit(repo, ["branch", "--remotes", "--format=%(refname:short)"])).split("\n");
}

async function packsOf(gitDirectory: string): Promise<string[]> {
  return (await readdir(join(gitDirectory, "objects/pack"))).filter((name) => name.endsWith(".pack"));
}

/** Everything of a clone is there and whole, without help from elsewhere. */
async function expectWhole(repo: string): Promise<void> {
  expect(await runGit(repo, ["fsck", "--full", "--strict", "--no-dangling"])).toBe("");
  await expect(lstat(join(repo, ".git/objects/info/alternates"))).rejects.toMatchObject({ code: "ENOENT" });
}

describe("the second session of a repository", () => {
  it("transfers no pack and gets the same clone", async () => {
    await makeRepository(repository, { files: { "a.txt": "1\n" } });
    await runGit(repository, ["tag", "--annotate", "--message", "One", "v1"]);
    const topic = await commit(repository, { files: { "b.txt": "2\n" }, branch: "topic/x" });
    const [first, second] = [await session(), await session()];
    expect([first.packs, second.packs]).toEqual([1, 0]);
    for (const { repo } of [first, second]) {
      await expectWhole(repo);
      const refs = ["for-each-ref", "--format=%(refname) %(objectname) %(upstream) %(symref)"];
      expect(await runGit(repo, refs)).toBe(await runGit(first.repo, refs));
      expect(await branches(repo)).toEqual(["origin/HEAD", "origin/main", "origin/topic/x"]);
      expect(await runGit(repo, ["config", "--list", "--local"])).toBe(
        await runGit(first.repo, ["config", "--list", "--local"]),
      );
    }
    expect(await session({ ref: "topic/x" })).toMatchObject({ commit: topic, packs: 0 });
  });

  it("cannot write to what the next one gets", async () => {
    await makeRepository(repository, { files: { "a.txt": "1\n" } });
    await session();
    const { repo } = await session();
    for (const pack of await packsOf(join(repo, ".git"))) {
      const path = join(repo, ".git/objects/pack", pack);
      expect((await lstat(path)).nlink).toBe(1);
      await chmod(path, 0o600);
      await truncate(path, 10);
    }
    const next = await session();
    expect(next.packs).toBe(0);
    await expectWhole(next.repo);
  });

  it("is as cheap where the server only has files to hand out", async () => {
    await makeRepository(repository, { files: { "a.txt": "1\n" } });
    await runGit(repository, ["update-server-info"]);
    const asked: string[] = [];
    const dumb = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://x").pathname;
      asked.push(path);
      readFile(join(root, path)).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => dumb.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(dumb.address() as { port: number }).port}/demo.git`;
    try {
      await expectWhole((await session({ url })).repo);
      expect(asked.some((path) => path.includes("/objects/"))).toBe(true);
      asked.length = 0;
      await expectWhole((await session({ url })).repo);
      expect(asked.filter((path) => /\/objects\/[0-9a-f]{2}\//.test(path))).toEqual([]);
    } finally {
      await new Promise((resolve) => dumb.close(resolve));
    }
  });

  it("finds a mirror that tells its URL", async () => {
    await makeRepository(repository);
    await session();
    const mirror = await mirrorDirectory();
    expect(await runGit(mirror, ["config", "remote.origin.url"])).toBe(`${server.url}/demo.git`);
  });
});

describe("what has changed on the server", () => {
  let first: string;

  beforeEach(async () => {
    first = await makeRepository(repository, { files: { "a.txt": "1\n" } });
    await session();
  });

  it("is in the next session: new commits, which are transferred once", async () => {
    const second = await commit(repository, { files: { "a.txt": "2\n" }, branch: "main" });
    await runGit(repository, ["tag", "v2"]);
    const sessions = [await session(), await session({ ref: "v2" })];
    expect(sessions).toMatchObject([
      { commit: second, packs: 1 },
      { commit: second, packs: 0 },
    ]);
    for (const { repo } of sessions) await expectWhole(repo);
  });

  it("is in the next session: a renamed default branch", async () => {
    await runGit(repository, ["branch", "--move", "main", "trunk"]);
    const { repo } = await session();
    expect(await runGit(repo, ["branch", "--show-current"])).toBe("trunk");
    expect(await branches(repo)).toEqual(["origin/HEAD", "origin/trunk"]);
  });

  it("is in the next session: a default branch that is gone", async () => {
    await runGit(repository, ["symbolic-ref", "HEAD", "refs/heads/gone"]);
    await expect(session()).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringMatching(/default branch \S+ does not exist$/),
    });
  });

  it("is in the next session: a forced branch, whose old commits are nothing to check out any more", async () => {
    const second = await commit(repository, { files: { "a.txt": "2\n" }, branch: "main" });
    await session();
    await runGit(repository, ["update-ref", "refs/heads/main", first]);
    const forced = await commit(repository, { files: { "a.txt": "3\n" }, branch: "main" });
    expect(await session()).toMatchObject({ commit: forced });
    for (const ref of [second, second.slice(0, 10)]) {
      await expect(session({ ref })).rejects.toMatchObject({ code: "ref_not_found" });
    }
    expect(await session({ ref: first.slice(0, 10) })).toMatchObject({ commit: first });
  });

  it("is in the next session: a deleted branch, and one with a name below it", async () => {
    await commit(repository, { files: { "a.txt": "2\n" }, branch: "topic" });
    await session();
    await runGit(repository, ["branch", "--delete", "--force", "topic"]);
    await expect(session({ ref: "topic" })).rejects.toMatchObject({ code: "ref_not_found" });
    const below = await commit(repository, { files: { "a.txt": "3\n" }, branch: "topic/below" });
    expect(await session({ ref: "topic/below" })).toMatchObject({ commit: below, warnings: [] });
    expect(await branches(await mirrorDirectory())).not.toContain("topic");
    expect(await session()).toMatchObject({ packs: 0, warnings: [] });
  });

  it("is in the next session: a repository that is gone", async () => {
    await rm(repository, { recursive: true });
    await expect(session()).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining("the server reports no such repository (HTTP 404 Not Found)"),
    });
  });

  it("is in the next session: HEAD at a commit of no branch", async () => {
    const loose = await commit(repository, { files: { "a.txt": "2\n" }, branch: "topic" });
    await runGit(repository, ["update-ref", "--no-deref", "HEAD", loose]);
    await runGit(repository, ["update-ref", "-d", "refs/heads/topic"]);
    const { commit: head, repo } = await session();
    expect(head).toBe(loose);
    await expectWhole(repo);
  });
});

describe("a mirror that is damaged", () => {
  async function packFile(extension: string): Promise<string> {
    const directory = join(await mirrorDirectory(), "objects/pack");
    const name = (await readdir(directory)).find((file) => file.endsWith(extension));
    const path = join(directory, String(name));
    await chmod(path, 0o600);
    return path;
  }

  const damages: [string, () => Promise<void>][] = [
    ["a pack cut short", async () => truncate(await packFile(".pack"), 300)],
    [
      "a pack with zeros inside",
      async () => {
        const path = await packFile(".pack");
        const bytes = await readFile(path);
        await writeFile(path, bytes.fill(0, 40, bytes.length - 40));
      },
    ],
    ["an empty index", async () => truncate(await packFile(".idx"), 0)],
    ["no packs", async () => rm(join(await mirrorDirectory(), "objects/pack"), { recursive: true })],
    ["no objects", async () => rm(join(await mirrorDirectory(), "objects"), { recursive: true })],
    ["no HEAD", async () => rm(join(await mirrorDirectory(), "HEAD"))],
    ["a HEAD of zeros", async () => writeFile(join(await mirrorDirectory(), "HEAD"), "\0".repeat(20))],
    [
      "a configuration of zeros",
      async () => writeFile(join(await mirrorDirectory(), "config"), "\0".repeat(99)),
    ],
    [
      "a list of branches of zeros",
      async () => writeFile(join(await mirrorDirectory(), "packed-refs"), "\0".repeat(99)),
    ],
    [
      "nothing in it",
      async () => {
        const directory = await mirrorDirectory();
        await rm(directory, { recursive: true });
        await mkdir(directory);
      },
    ],
    [
      "a lock that a killed git left",
      async () => {
        await writeFile(join(await mirrorDirectory(), "refs/heads/main.lock"), "");
        await commit(repository, { files: { "big.txt": "news\n" }, branch: "main" });
      },
    ],
  ];

  it.each(damages)("costs no session anything and is made anew: %s", async (_, damage) => {
    const content = Array.from({ length: 5000 }, (_, line) => `${line * line}\n`).join("");
    await makeRepository(repository, { files: { "big.txt": content, "d/x": "x\n" } });
    await session();
    await damage();
    const head = await runGit(repository, ["rev-parse", "HEAD"]);
    const [damaged, healing] = [await session(), await session()];
    for (const { repo, commit: cloned } of [damaged, healing]) {
      expect(cloned).toBe(head);
      await expectWhole(repo);
    }
    expect(await session()).toMatchObject({ packs: 0, warnings: [] });
    expect(await runGit(await mirrorDirectory(), ["fsck", "--full", "--no-dangling"])).toBe("");
  });

  it("is said so", async () => {
    await makeRepository(repository);
    await session();
    await truncate(await packFile(".pack"), 100);
    expect((await session()).warnings).toEqual([
      "The mirror of the repository was damaged and not used; the next session recreates it.",
    ]);
    expect((await session()).warnings).toEqual([]);
  });
});

describe("a mirror", () => {
  it("packs itself anew when many packs have gathered, without what the server does not have any more", async () => {
    await makeRepository(repository);
    await session();
    const mirror = await mirrorDirectory();
    for (let number = 0; number < 60; number += 1) {
      const { stdout: blob } = await execa("git", ["hash-object", "-w", "--stdin"], {
        cwd: mirror,
        input: String(number),
      });
      await execa("git", ["pack-objects", "--quiet", "objects/pack/pack"], { cwd: mirror, input: blob });
      await rm(join(mirror, "objects", blob.slice(0, 2), blob.slice(2)));
    }
    await commit(repository, { files: { "b.txt": "news\n" }, branch: "main" });
    await expectWhole((await session()).repo);
    expect(await packsOf(mirror)).toHaveLength(1);
    const next = await session();
    expect(next.packs).toBe(0);
    expect(await packsOf(join(next.repo, ".git"))).toHaveLength(1);
  });

  it("is made once for sessions that come at the same time", async () => {
    await makeRepository(repository);
    const { promise, release } = latch();
    gate = promise;
    const together = Promise.all([session(), session(), session(), session()]);
    await until("the first request", () => server.requests.length > 0);
    release();
    expect(new Set((await together).map((clone) => clone.commit)).size).toBe(1);
    expect(server.packsServed()).toBe(1);
  });

  it("keeps nobody waiting who is told to stop", async () => {
    await makeRepository(repository);
    const { promise, release } = latch();
    gate = promise;
    const first = session();
    await until("the first request", () => server.requests.length > 0);
    const controller = new AbortController();
    const second = session({}, controller.signal);
    const reason = new Error("stopped by the operator");
    setImmediate(() => controller.abort(reason));
    await expect(second).rejects.toBe(reason);
    release();
    await first;
  });

  it("is made by the next in line when the first is told to stop", async () => {
    await makeRepository(repository);
    const { promise, release } = latch();
    gate = promise;
    const controller = new AbortController();
    const first = session({}, controller.signal);
    first.catch(() => undefined); // Looked at below.
    await until("the first request", () => server.requests.length > 0);
    const others = Promise.all([session(), session()]);
    controller.abort(new Error("stopped"));
    release();
    await expect(first).rejects.toThrow("stopped");
    await others;
    expect(server.packsServed()).toBeLessThanOrEqual(2);
    expect(await session()).toMatchObject({ packs: 0 });
  });

  it("is not half-made when git is killed while making it", async () => {
    const head = await makeRepository(repository);
    const { promise, release } = latch();
    gate = promise;
    const first = session();
    first.catch(() => undefined); // Looked at below.
    await until("the first request", () => server.requests.length > 0);
    await signalProcessesWith(`${server.url}/demo.git`, "SIGKILL");
    await expect(first).rejects.toMatchObject({ code: "clone_failed" });
    release();
    expect(await readdir(join(root, "cache/repos"))).toEqual([]);
    expect(await session()).toMatchObject({ commit: head });
    expect(await session()).toMatchObject({ packs: 0 });
  });

  it("is left alone while another daemon holds its lock, and the lock of a dead one is taken over", async () => {
    await makeRepository(repository);
    await session();
    const mirror = await mirrorDirectory();
    const lock = `${mirror}.lock`;
    await rm(mirror, { recursive: true });
    await mkdir(lock);
    expect(await session()).toMatchObject({ packs: 1, warnings: [] });
    await expect(lstat(mirror)).rejects.toMatchObject({ code: "ENOENT" });
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await session();
    expect(await session()).toMatchObject({ packs: 0 });
    await expect(lstat(lock)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

function latch(): { promise: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}
