import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFiles } from "../../kit/files.mjs";
import { commit, git, makeRepository } from "../../kit/repositories.mjs";
import { SessionWork } from "./session-work.ts";

let work: SessionWork;
beforeEach(async () => {
  work = await SessionWork.make();
});
afterEach(async () => {
  await work.remove();
});

async function inodesBelow(directory: string): Promise<Map<number, string>> {
  const inodes = new Map<number, string>();
  for (const path of await readdir(directory, { recursive: true })) {
    const stats = await stat(join(directory, path));
    if (stats.isFile()) inodes.set(stats.ino, path);
  }
  return inodes;
}

describe("the base of a session", () => {
  it("shares packs with the mirror, and no inode with what the session has", async () => {
    await work.begin();
    const base = await inodesBelow(work.baseDirectory);
    const session = await inodesBelow(work.repo);
    expect([...base].filter(([inode]) => session.has(inode))).toEqual([]);
    const mirror = await inodesBelow(work.mirrors.directoryOf(work.origin));
    const shared = [...base].flatMap(([inode, path]) => (mirror.has(inode) ? [path] : []));
    expect(shared.map((path) => path.replace(/.*\./, "")).sort()).toEqual(["idx", "pack"]);
  });

  it("is whole though the agent overwrites its packs, and the mirror loses its own", async () => {
    const base = await work.begin();
    const ours = await work.commit("Ours", { "ours.txt": "ours\n" });
    for (const directory of [join(work.repo, ".git/objects/pack")])
      for (const name of await readdir(directory)) {
        await rm(join(directory, name));
        await writeFile(join(directory, name), "overwritten");
      }
    await rm(work.mirrors.directoryOf(work.origin), { recursive: true });
    const { summary } = await work.export();
    expect(summary).toMatchObject({ base, head: { commit: ours }, commit_count: 1, left_out: [] });
    expect(await git(work.baseDirectory, ["fsck", "--full"])).not.toContain("missing");
  });

  it("has what the mirror has not learned, and what comes with a shallow repository", async () => {
    await makeRepository(work.origin);
    const tip = await commit(work.origin, { files: { "b.txt": "b\n" }, branch: "main" });
    const shallow = join(work.root, "shallow.git");
    await git(work.root, ["clone", "--quiet", "--bare", "--depth=1", `file://${work.origin}`, shallow]);
    await work.clone(null, `file://${shallow}`);
    const ours = await work.commit("Ours", { "ours.txt": "ours\n" });
    const { summary, warnings } = await work.export();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({ base: tip, head: { commit: ours }, commit_count: 1, files_changed: 1 });
    await work.fetched();
  });

  it("is of the kind of ids that the repository has", async () => {
    await git(work.root, ["init", "--quiet", "--object-format=sha256", "--initial-branch=main", work.origin]);
    await writeFiles(work.origin, { ".gitattributes": "*.txt text\n", "a.txt": "a\n", "b.txt": "b\n" });
    await git(work.origin, ["add", "--all"]);
    await git(work.origin, ["commit", "--quiet", "--message", "Start"]);
    await work.clone();
    const ours = await work.commit("Ours", { "a.txt": "ours\n", ".gitattributes": "*.txt -text\n" });
    await rm(join(work.repo, "b.txt"));
    const { summary, warnings } = await work.export();
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({
      head: { commit: ours },
      commit_count: 1,
      files_changed: 3,
      uncommitted: 1,
    });
    expect(ours).toHaveLength(64);
    expect((await readFile(work.bundle)).toString("latin1", 0, 15)).toBe("# v3 git bundle");
    await work.fetched();
  });

  it("shows what was changed though size and times were set back", async () => {
    await work.begin({ "d/file": "before\n", "d/other": "other\n" });
    const path = join(work.repo, "d/file");
    const { atime, mtime } = await stat(path);
    const file = await open(path, "r+");
    await file.write("behind\n");
    await file.close();
    await utimes(path, atime, mtime);
    const { summary } = await work.export();
    expect(summary).toMatchObject({ files_changed: 1, insertions: 1, deletions: 1 });
  });

  it("shows no file that was only touched or made anew with the same content", async () => {
    await work.begin({ "d/file": "before\n", "d/link": { linkTo: "file" }, top: "top\n" });
    await work.write({ "d/file": "before\n", "d/link": { linkTo: "file" } });
    await utimes(join(work.repo, "top"), 1, 1);
    const { summary, gitStarts } = await work.export();
    expect(summary).toMatchObject({ files_changed: 0, patch_bytes: 0 });
    expect(gitStarts).toBe(0);
  });

  it("leaves submodules alone", async () => {
    await makeRepository(work.origin);
    const module = join(work.root, "module.git");
    await makeRepository(module);
    const checkout = join(work.root, "checkout");
    await git(work.root, ["clone", "--quiet", work.origin, checkout]);
    await git(checkout, ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", module, "sub"]);
    await git(checkout, ["commit", "--quiet", "--message", "A submodule"]);
    await git(checkout, ["push", "--quiet"]);
    await work.clone();
    expect((await work.export()).summary).toMatchObject({ files_changed: 0, left_out: [] });
    await work.write({ "sub/file": "of the submodule\n", own: "own\n" });
    await work.git("init", "--quiet", "sub");
    const { summary } = await work.export();
    expect(summary).toMatchObject({ files_changed: 1 });
    expect(summary.left_out).toEqual([{ what: "sub", why: "it is a submodule" }]);
  });
});

describe("a process that still writes to the repository", () => {
  it("draws in nothing of the host by putting links where directories were", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`d${index}/f/inner`, "tree\n"]),
    );
    const base = await work.begin({ ...files, ".gitignore": "*.log\n", "d1/f/.gitignore": "*.tmp\n" });
    const host = join(work.root, "host");
    for (const each of ["f", "pack", "heads"]) execFileSync("mkdir", ["-p", join(host, each)]);
    await writeFile(join(host, "f/inner"), "of the host\n");
    await writeFile(join(host, "f/more"), "of the host\n");
    await writeFile(join(host, "heads/of-the-host"), `${base}\n`);
    const writer = spawn("python3", ["-c", SWAP, work.repo, host], { stdio: ["ignore", "pipe", "inherit"] });
    await once(writer.stdout, "data");
    try {
      for (let round = 0; round < 60; round += 1) {
        const { summary } = await work.export();
        expect(summary.branches.map(({ name }) => name)).not.toContain("refs/heads/of-the-host");
        expect(summary.left_out.filter(({ what }) => what === "files")).toEqual([]);
        expect(await work.readPatch()).not.toContain("of the host");
      }
    } finally {
      writer.kill("SIGKILL");
      await once(writer, "exit");
    }
  });
});

/** Swaps every directory with a link to one of the host, and changes what is in it, for as long as it lives. */
const SWAP = `
import os, sys
repo, host = sys.argv[1:]
print("ready", flush=True)
def swap(directory, target):
    os.rename(directory, directory + ".kept")
    os.symlink(target, directory)
    os.unlink(directory)
    os.rename(directory + ".kept", directory)
while True:
    swap(repo + "/.git/refs/heads", host + "/heads")
    swap(repo + "/.git/objects/pack", host + "/pack")
    for i in range(40):
        d = os.path.join(repo, f"d{i}")
        try:
            with open(d + "/f/inner", "w") as f: f.write("changed\\n")
            swap(d + "/f", host + "/f")
            swap(d, host)
        except OSError:
            pass
`;
