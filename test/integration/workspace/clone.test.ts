import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
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
import { commit, git as runGit, makeRepository } from "../../kit/repositories.mjs";

const DAEMON_ENVIRONMENT = { PATH: process.env["PATH"] };
const UNUSED_COMMIT = "0123456789abcdef0123456789abcdef01234567";

let root: string;
let repository: string;
let staging: Staging;
let mirrors: Mirrors;
let closers: (() => Promise<void>)[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-clone-"));
  repository = join(root, "demo.git");
  staging = await Staging.create(join(root, "staging"), "0123456789abcdef", "0123abcd");
  mirrors = new Mirrors(join(root, "repos"));
  closers = [];
});
afterEach(async () => {
  for (const close of closers) await close();
  await removeTree(root);
});

async function clone(source: Partial<CloneSource> = {}, environment = {}): Promise<Clone> {
  const git = createGit({ ...DAEMON_ENVIRONMENT, ...environment });
  const { signal } = new AbortController();
  const cloned = await cloneInto(
    staging,
    { url: repository, ref: null, ...source },
    { git, mirrors, signal },
  );
  await deliverClone(staging, { selinux: false, signal });
  return cloned;
}

async function server(options: { token?: string } = {}): Promise<string> {
  const { url, close } = await startGitServer(root, options);
  closers.push(close);
  return url;
}

/** Git as the session has it; the agent may run it in its clone, agentd may not. */
async function inClone(...args: string[]): Promise<string> {
  return await runGit(staging.repoDirectory, args);
}

async function read(path: string): Promise<string> {
  return await readFile(join(staging.repoDirectory, path), "utf8");
}

describe("a clone", () => {
  it("is a clean repository with the server's default branch and the real URL as origin", async () => {
    const head = await makeRepository(repository, {
      files: { "a.txt": "a\n", "d/b.txt": "b\n" },
      branch: "trunk",
    });
    await commit(repository, { files: { "c.txt": "c\n" }, branch: "other" });
    const url = `${await server()}/demo.git`;
    expect(await clone({ url })).toEqual({ commit: head, warnings: [] });
    expect(await inClone("rev-parse", "HEAD")).toBe(head);
    expect(await inClone("branch", "--show-current")).toBe("trunk");
    expect(await inClone("remote", "get-url", "origin")).toBe(url);
    expect(await inClone("status", "--porcelain")).toBe("");
    expect(await read("d/b.txt")).toBe("b\n");
    expect((await readdir(staging.directory)).sort()).toEqual(["home", "repo"]);
  });

  it("leaves the mount point in place, and git does not see its contents", async () => {
    await makeRepository(repository);
    await clone();
    await writeFile(join(staging.repoDirectory, ".runa/report.md"), "x");
    expect(await inClone("status", "--porcelain", "--untracked-files=all")).toBe("");
  });

  it.each([
    ["file:// URL", "file://"],
    ["path", ""],
  ])("is made from a %s on this host without links to its objects", async (_, prefix) => {
    const head = await makeRepository(repository);
    const url = `${prefix}${repository}`;
    expect((await clone({ url })).commit).toBe(head);
    expect(await inClone("remote", "get-url", "origin")).toBe(url);
    const objects = await readdir(join(staging.repoDirectory, ".git/objects"), {
      recursive: true,
      withFileTypes: true,
    });
    const files = objects.filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect((await lstat(join(file.parentPath, file.name))).nlink).toBe(1);
  });

  it("is made over git:// too", async () => {
    const head = await makeRepository(repository);
    const daemon = createServer((socket) => {
      let request = "";
      const onData = (chunk: Buffer) => {
        request += chunk.toString();
        // The request is one line: its length in hex, then `git-upload-pack /path`, then host and protocol.
        const isComplete = request.length >= Number.parseInt(request.slice(0, 4), 16);
        if (!isComplete) return;
        socket.off("data", onData);
        const [, path = ""] = /git-upload-pack ([^\0]*)\0/.exec(request) ?? [];
        const upload = execa("git", ["upload-pack", join(root, path)], {
          env: { GIT_PROTOCOL: "version=2" },
          encoding: "buffer",
          buffer: false,
          reject: false,
        });
        // Whichever of the two ends first, the other may still be sending.
        socket.pipe(upload.stdin).on("error", () => socket.destroy());
        upload.stdout.pipe(socket).on("error", () => upload.kill());
      };
      socket.on("data", onData);
    });
    await new Promise<void>((resolve) => daemon.listen(0, "127.0.0.1", resolve));
    closers.push(async () => {
      await new Promise((resolve) => daemon.close(resolve));
    });
    const url = `git://127.0.0.1:${(daemon.address() as { port: number }).port}/demo.git`;
    expect(await clone({ url })).toEqual({ commit: head, warnings: [] });
    expect(await inClone("remote", "get-url", "origin")).toBe(url);
  });

  it("is made of a repository whose only commit holds no files", async () => {
    await runGit(root, ["init", "--quiet", "--initial-branch=main", repository]);
    await runGit(repository, ["commit", "--quiet", "--allow-empty", "--message", "Nothing"]);
    expect((await clone()).commit).toBe(await runGit(repository, ["rev-parse", "HEAD"]));
  });

  it("is shallow where the repository is", async () => {
    await makeRepository(join(root, "full.git"));
    await commit(join(root, "full.git"), { files: { "a.txt": "a\n" }, branch: "main" });
    await runGit(root, ["clone", "--quiet", "--depth=1", `file://${root}/full.git`, repository]);
    expect(await clone()).toEqual({ commit: await runGit(repository, ["rev-parse", "HEAD"]), warnings: [] });
    expect(await inClone("rev-list", "--count", "HEAD")).toBe("1");
  });

  it("keeps names that are not UTF-8, that look like options, or that are links", async () => {
    const tree = join(root, "tree");
    await runGit(root, ["init", "--quiet", "--initial-branch=main", tree]);
    const bytes = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe, 0x20])]);
    await writeFile(bytes, "bytes");
    await writeFile(join(tree, "--upload-pack=touch pwned"), "option");
    await symlink("/etc", join(tree, "etc"));
    await runGit(tree, ["add", "--all"]);
    await runGit(tree, ["commit", "--quiet", "--message", "Odd names"]);
    await clone({ url: tree });
    const names = await readdir(staging.repoDirectory, { encoding: "buffer" });
    expect(names.some((name) => name.equals(Buffer.from([0xff, 0xfe, 0x20])))).toBe(true);
    expect(await read("--upload-pack=touch pwned")).toBe("option");
    expect(await readlink(join(staging.repoDirectory, "etc"))).toBe("/etc");
  });
});

describe("a ref", () => {
  let first: string;
  let topic: string;

  beforeEach(async () => {
    first = await makeRepository(repository, { files: { "a.txt": "1\n" } });
    await runGit(repository, ["tag", "--annotate", "--message", "One", "v1", first]);
    await commit(repository, { files: { "a.txt": "2\n" }, branch: "main" });
    topic = await commit(repository, { files: { "a.txt": "3\n" }, branch: "topic/x" });
  });

  it("is a branch, which is then checked out as one", async () => {
    expect((await clone({ ref: "topic/x" })).commit).toBe(topic);
    expect(await inClone("branch", "--show-current")).toBe("topic/x");
    expect(await read("a.txt")).toBe("3\n");
  });

  it("is a tag, and the commit is the one that an annotated tag points to", async () => {
    expect((await clone({ ref: "v1" })).commit).toBe(first);
    expect(await read("a.txt")).toBe("1\n");
  });

  it.each([40, 10])("is a commit, given by %d characters of its id", async (length) => {
    expect((await clone({ ref: first.slice(0, length) })).commit).toBe(first);
    expect(await inClone("rev-parse", "HEAD")).toBe(first);
    expect(await read("a.txt")).toBe("1\n");
    expect(await inClone("status", "--porcelain")).toBe("");
  });

  it.each(["nowhere", "deadbeef1", UNUSED_COMMIT])("that does not exist is refused: %s", async (ref) => {
    await expect(clone({ ref })).rejects.toMatchObject({
      code: "ref_not_found",
      message: `cannot check out ${ref} of ${repository}: the repository has no such branch, tag or commit`,
    });
  });

  it("that git would take for something else never gets to git", async () => {
    await expect(clone({ ref: "--upload-pack=touch" })).rejects.toMatchObject({ code: "ref_invalid" });
  });
});

describe("a repository that cannot be used", () => {
  it("is an empty one", async () => {
    await runGit(root, ["init", "--quiet", "--bare", repository]);
    await expect(clone()).rejects.toMatchObject({
      code: "clone_failed",
      message: `cannot clone ${repository}: the repository is empty`,
    });
  });

  it("is one whose default branch does not exist", async () => {
    await makeRepository(repository, { branch: "main" });
    await runGit(repository, ["symbolic-ref", "HEAD", "refs/heads/gone"]);
    const dangling = {
      code: "clone_failed",
      message: expect.stringMatching(/default branch \S+ does not exist$/),
    };
    await expect(clone()).rejects.toMatchObject(dangling);
  });

  it.each([
    ["a directory", { ".runa/x": "x" }],
    ["a file", { ".runa": "x" }],
    ["a link", { ".runa": { linkTo: "/etc" } }],
    ["a link to nothing", { ".runa": { linkTo: "nowhere" } }],
  ])("is one with a .runa of its own: %s", async (_, files) => {
    await makeRepository(repository, { files });
    await expect(clone()).rejects.toMatchObject({ code: "repository_reserved" });
    expect(await readdir(staging.repoDirectory)).toEqual([".runa"]);
  });

  it("is not one with a .runa further down", async () => {
    await makeRepository(repository, { files: { "d/.runa": "x" } });
    await clone();
    expect(await read("d/.runa")).toBe("x");
  });

  it("is reported with its URL, the reason and what to do", async () => {
    const refused = createServer();
    await new Promise<void>((resolve) => refused.listen(0, "127.0.0.1", resolve));
    const { port } = refused.address() as { port: number };
    await new Promise((resolve) => refused.close(resolve));
    await makeRepository(repository);
    const reasons: [string, string][] = [
      ["https://no-such-host.invalid/x.git", "the host was not found"],
      ["git://no-such-host.invalid/x.git", "the host was not found"],
      ["ssh://git@no-such-host.invalid/x.git", "the host was not found"],
      [`http://127.0.0.1:${port}/x.git`, "nothing answers at that host and port"],
      [`git://127.0.0.1:${port}/x.git`, "nothing answers at that host and port"],
      [`ssh://git@127.0.0.1:${port}/x.git`, "nothing answers at that host and port"],
      [join(root, "none"), "there is no git repository at this URL"],
      [`file://${root}`, "there is no git repository at this URL"],
    ];
    for (const [url, why] of reasons) {
      await expect(clone({ url })).rejects.toMatchObject({
        code: "clone_failed",
        message: `cannot clone ${url}: ${why}`,
        next: expect.stringMatching(/^[A-Z].*\.$/),
      });
    }
  });

  it("is never asked for with credentials of the user that runs the daemon", async () => {
    await makeRepository(repository);
    const url = `${await server({ token: "t" })}/demo.git`;
    const home = join(root, "user");
    await mkdir(home);
    await writeFile(join(home, ".netrc"), "machine 127.0.0.1 login x password t\n");
    await writeFile(join(home, "askpass"), "#!/bin/sh\necho t\n", { mode: 0o755 });
    await writeFile(
      join(home, ".gitconfig"),
      `[credential]\n helper = "!echo username=x; echo password=t; :"\n`,
    );
    const user = {
      HOME: home,
      XDG_CONFIG_HOME: home,
      GIT_ASKPASS: join(home, "askpass"),
      SSH_ASKPASS: join(home, "askpass"),
    };
    await expect(clone({ url }, user)).rejects.toMatchObject({ code: "clone_failed" });
    // The same environment does open the repository to a git that is given it.
    const control = await execa("git", ["ls-remote", url], { env: user, reject: false });
    expect(control.exitCode).toBe(0);
  });
});

describe("what a repository brings along", () => {
  it("is never run: hooks, filters, a file system monitor, submodules, templates", async () => {
    const trap = `touch ${join(root, "ran")}; cat`;
    await makeRepository(repository, {
      files: {
        "a.txt": "a\n",
        ".gitattributes": "a.txt filter=trap\n",
        ".gitmodules": `[submodule "x"]\n path = x\n url = ext::sh -c '${trap}'\n update = !${trap}\n`,
        "hooks/post-checkout": { content: `#!/bin/sh\n${trap}\n`, mode: 0o755 },
      },
    });
    const config = join(root, "gitconfig");
    const template = join(root, "template");
    await mkdir(join(template, "hooks"), { recursive: true });
    await writeFile(join(template, "hooks/post-checkout"), `#!/bin/sh\n${trap}\n`, { mode: 0o755 });
    await writeFile(
      config,
      `[filter "trap"]\n smudge = "${trap}"\n[core]\n fsmonitor = "${trap}"\n[init]\n templateDir = ${template}\n`,
    );
    const hostile = {
      GIT_CONFIG_GLOBAL: config,
      GIT_CONFIG_SYSTEM: config,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "filter.trap.smudge",
      GIT_CONFIG_VALUE_0: trap,
      GIT_TEMPLATE_DIR: template,
    };
    await clone({}, hostile);
    await expect(lstat(join(root, "ran"))).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(join(staging.repoDirectory, ".git"))).not.toContain("hooks");
    // The same environment does run the filter of a git that is given it.
    await execa("git", ["clone", "--quiet", repository, join(root, "control")], { env: hostile });
    await lstat(join(root, "ran"));
  });

  it("is left alone and said so where it is submodules or LFS", async () => {
    const files = {
      ".gitmodules": "",
      ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
      "x.bin": "pointer\n",
    };
    await makeRepository(repository, { files });
    expect((await clone()).warnings).toEqual([
      "The repository has submodules; they were not cloned.",
      "The repository keeps files in Git LFS; they were left as pointers.",
    ]);
    expect(await read("x.bin")).toBe("pointer\n");
  });

  it("is said so for Git LFS that is set up further down, and for nothing that only looks like it", async () => {
    const text = { "d/.gitattributes": "* text=auto\n", "x.gitattributes": "* filter=lfs\n" };
    await makeRepository(repository, { files: text });
    expect((await clone()).warnings).toEqual([]);
    await commit(repository, {
      files: { "d/e/.gitattributes": "*.bin filter=lfs -text\n" },
      branch: "main",
    });
    staging = await Staging.create(join(root, "staging"), "0123456789abcdee", "0123abcd");
    expect((await clone()).warnings).toEqual([
      "The repository keeps files in Git LFS; they were left as pointers.",
    ]);
  });
});

describe("the move into the mounted directory", () => {
  it.each([
    ["a directory where a file belongs", "a.txt/x"],
    ["a repository of its own", ".git/config"],
  ])("stops at what an image's shell has put there meanwhile: %s", async (_, path) => {
    await makeRepository(repository, { files: { "a.txt": "a\n" } });
    await mkdir(join(staging.repoDirectory, path, ".."), { recursive: true });
    await writeFile(join(staging.repoDirectory, path), "planted");
    await expect(clone()).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining("its path is already taken"),
    });
  });

  it("replaces a planted link and does not follow it", async () => {
    await makeRepository(repository, { files: { "a.txt": "a\n" } });
    await writeFile(join(root, "outside"), "untouched");
    await symlink(join(root, "outside"), join(staging.repoDirectory, "a.txt"));
    await clone();
    expect(await read("a.txt")).toBe("a\n");
    expect(await readFile(join(root, "outside"), "utf8")).toBe("untouched");
  });
});

describe("a clone that is ended", () => {
  /** A server that takes connections and never answers. */
  async function silentServer(): Promise<string> {
    const silent = createServer((socket) => socket.on("error", () => socket.destroy()).resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closers.push(async () => {
      await new Promise((resolve) => silent.close(resolve));
    });
    return `http://127.0.0.1:${(silent.address() as { port: number }).port}/x.git`;
  }

  it("by its signal rejects with the signal's reason, and git is gone", async () => {
    const controller = new AbortController();
    const git = createGit(DAEMON_ENVIRONMENT);
    const reason = new Error("stopped by the operator");
    const url = await silentServer();
    const cloning = cloneInto(staging, { url, ref: null }, { git, mirrors, signal: controller.signal });
    await expect.poll(() => processesWith(url), { timeout: 30_000 }).not.toEqual([]);
    controller.abort(reason);
    await expect(cloning).rejects.toBe(reason);
    await expect.poll(() => processesWith(url), { timeout: 30_000 }).toEqual([]);
    await expect(
      cloneInto(staging, { url, ref: null }, { git, mirrors, signal: controller.signal }),
    ).rejects.toBe(reason);
  });

  it("by its deadline says so", async () => {
    const { signal } = new AbortController();
    const git = createGit(DAEMON_ENVIRONMENT);
    const url = await silentServer();
    await expect(
      cloneInto(staging, { url, ref: null }, { git, mirrors, signal, deadlineMs: 1000 }),
    ).rejects.toMatchObject({
      code: "clone_failed",
      message: `cannot clone ${url}: it took longer than 1 seconds`,
    });
  });
});

/** Ids of the processes that have the text in their command line. */
async function processesWith(text: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commandLines = await Promise.all(
    ids.map(async (id) => [id, await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")] as const),
  );
  return commandLines.filter(([, commandLine]) => commandLine.includes(text)).map(([id]) => id);
}
