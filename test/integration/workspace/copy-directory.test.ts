import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { type CopiedTree, copyDirectory, type CopyRequest } from "../../../src/workspace/copy-directory.ts";
import { DirectoryCopier } from "../../../src/workspace/directory-copier.ts";
import { type Files, writeFiles } from "../../kit/files.mjs";

const script = join(import.meta.dirname, "../../../dist/copy-worker.cjs");

let place: string;
let source: string;
let target: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "agentd-copy-"));
  source = join(place, "source");
  target = join(place, "target");
  await mkdir(source);
  await mkdir(target);
});
afterEach(async () => {
  await removeTree(place);
});

const request = (changes: Partial<CopyRequest> = {}): CopyRequest => ({
  ...{ source, target, ignore: [], limitBytes: 2 ** 30 },
  ...changes,
});

async function copied(files: Files, changes: Partial<CopyRequest> = {}): Promise<CopiedTree> {
  await writeFiles(source, files);
  return copyDirectory(request(changes), () => undefined);
}

const namesIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory, { recursive: true })).sort();

describe("a copy of a directory", () => {
  it("has files, directories and links as they are, and no inode of the original", async () => {
    await mkdir(join(source, "empty"));
    const tree = await copied({
      "a.txt": "a\n",
      "d/run": { content: "#!/bin/sh\n", mode: 0o755 },
      "d/read-only": { content: "r", mode: 0o444 },
      "d/up": { linkTo: "../a.txt" },
      outside: { linkTo: "/etc/passwd" },
      dangling: { linkTo: "nowhere" },
      loop: { linkTo: "." },
    });
    expect(await namesIn(target)).toEqual(await namesIn(source));
    expect(tree).toMatchObject({ files: 7, bytes: 13, special: { count: 0, first: [] } });
    expect([...tree.paths].sort()).toEqual(
      ["a.txt", "d/read-only", "d/run", "d/up", "dangling", "loop", "outside"].sort(),
    );
    for (const path of ["outside", "dangling", "loop", "d/up"])
      expect(await readlink(join(target, path))).toBe(await readlink(join(source, path)));
    for (const path of ["a.txt", "d/run", "d/read-only"]) {
      const [from, to] = [await stat(join(source, path)), await stat(join(target, path))];
      expect(to.mode).toBe(from.mode);
      expect(to.ino).not.toBe(from.ino);
      expect(await readFile(join(target, path))).toEqual(await readFile(join(source, path)));
    }
  });

  it("keeps times, and neither setuid nor hard links", async () => {
    await writeFiles(source, { a: "a" });
    await utimes(join(source, "a"), 1_000_000, 1_000_000);
    await link(join(source, "a"), join(source, "b"));
    await chmod(join(source, "a"), 0o6755);
    await copied({});
    const [a, b] = [await stat(join(target, "a")), await stat(join(target, "b"))];
    expect(a.mtimeMs).toBe(1_000_000_000);
    expect([a.mode & 0o7777, a.nlink, b.nlink]).toEqual([0o755, 1, 1]);
  });

  it("leaves out sockets and FIFOs, and names some", async () => {
    execFileSync(
      "mkfifo",
      [1, 2, 3, 4, 5, 6].map((number) => join(source, `fifo${number}`)),
    );
    const server = createServer().listen(join(source, "socket"));
    const tree = await copied({ a: "a" });
    server.close();
    expect(await namesIn(target)).toEqual(["a"]);
    expect(tree.special.count).toBe(7);
    expect(tree.special.first).toHaveLength(5);
  });

  it("has names that are no UTF-8", async () => {
    const name = Buffer.from([0x61, 0xff, 0x62]);
    await writeFile(Buffer.concat([Buffer.from(`${source}/`), name]), "bytes");
    const tree = await copied({});
    expect(tree.paths).toEqual(["a\xffb"]);
    expect(await readdir(target, { encoding: "buffer" })).toEqual([name]);
  });

  it.each<[string, string[], string[]]>([
    ["a name at any depth", ["node_modules"], ["d", "d/a.log", "d/keep", "top.log"]],
    ["a name with a slash behind it", ["node_modules/"], ["d", "d/a.log", "d/keep", "top.log"]],
    ["a wildcard at any depth", ["*.log", "node_modules"], ["d", "d/keep"]],
    ["what is below a directory", ["d/**", "node_modules/**"], ["top.log"]],
    ["a path", ["d/a.log", "**/node_modules"], ["d", "d/keep", "top.log"]],
    ["alternatives", ["{d,node_modules}"], ["top.log"]],
  ])("does not have what is ignored: %s", async (_what, ignore, expected) => {
    const files = {
      "node_modules/x/.y": "",
      "d/node_modules/z": "",
      "d/a.log": "",
      "d/keep": "",
      "top.log": "",
    };
    await copied(files, { ignore });
    expect(await namesIn(target)).toEqual(expected);
  });

  it("does not enter an ignored directory", async () => {
    await writeFiles(source, { "secret/key": "" });
    await chmod(join(source, "secret"), 0);
    await copied({ a: "" }, { ignore: ["secret"] });
    await chmod(join(source, "secret"), 0o700);
    expect(await namesIn(target)).toEqual(["a"]);
  });

  it("lists no files of repositories, its own and those within", async () => {
    const tree = await copied({
      ".git/config": "x",
      "sub/.git/HEAD": "x",
      "sub/a": "a",
      "sub/d/b": "b",
      c: "c",
    });
    expect(tree.paths).toEqual(["c"]);
    expect(await namesIn(target)).toContain("sub/d/b");
    // Where the record is mounted is nothing of the repository's.
    expect(await readFile(join(target, ".git/info/exclude"), "utf8")).toBe("\n.runa\n");
    expect(await namesIn(source)).not.toContain(".git/info");
  });

  it("is refused where a record would hide something", async () => {
    await expect(copied({ ".runa/x": "" })).rejects.toThrow("it has an entry .runa");
    await copied({}, { ignore: [".runa"] });
  });

  it("is refused when it is too large or too deep", async () => {
    await expect(copied({ a: "12345", "d/b": "67890" }, { limitBytes: 9 })).rejects.toThrow(
      "directory_limit",
    );
    await removeTree(target);
    await mkdir(target);
    await expect(copied({ [`${"d/".repeat(256)}a`]: "" })).rejects.toThrow("deeper than 256 levels");
  });

  it("is refused when something in it cannot be read", async () => {
    await writeFiles(source, { "d/key": { content: "", mode: 0 } });
    await expect(copied({})).rejects.toThrow("d/key cannot be read (EACCES)");
  });
});

describe("the worker that copies", () => {
  const copier = new DirectoryCopier({ script });
  const options = (signal = new AbortController().signal) => ({ signal, onProgress: () => undefined });

  it("copies, also a tree that is written meanwhile, and never out of it", async () => {
    const outside = join(place, "outside");
    await writeFiles(outside, { secret: "secret" });
    for (let each = 0; each < 300; each++) await writeFiles(source, { [`d${each}/secret`]: "mine" });
    const over = new AbortController();
    const swap = async (directory: string): Promise<void> => {
      await rm(directory, { recursive: true, force: true });
      await symlink(outside, directory);
      await rm(directory);
      await writeFiles(directory, { secret: "mine" });
    };
    const swapping = (async () => {
      for (let each = 0; !over.signal.aborted; each++) await swap(join(source, `d${each % 300}`));
    })();
    const tree = await copier.copy(request(), options());
    over.abort();
    await swapping;
    for (const path of tree.paths) {
      const stats = await lstat(join(target, path));
      if (stats.isFile()) expect(await readFile(join(target, path), "utf8")).not.toBe("secret");
    }
  });

  it("says why it does not", async () => {
    await writeFiles(source, { a: "12345" });
    await expect(copier.copy(request({ limitBytes: 1 }), options())).rejects.toMatchObject({
      code: "directory_invalid",
      message: `cannot copy ${source} into the session: its files have more than the 1 bytes that directory_limit allows`,
    });
    await expect(copier.copy(request({ source: join(source, "a") }), options())).rejects.toThrow(
      "it is not a directory",
    );
    await symlink(source, join(place, "link"));
    await expect(copier.copy(request({ source: join(place, "link") }), options())).rejects.toThrow(
      "it is not a directory",
    );
  });

  it("ends when it is told to", async () => {
    await writeFiles(source, { a: "a" });
    const ending = new AbortController();
    const copying = copier.copy(request(), options(ending.signal));
    ending.abort(new Error("enough"));
    await expect(copying).rejects.toThrow("enough");
  });

  it("leaves the original as it is, whatever is done to the copy", async () => {
    await writeFiles(source, { a: "original\n", "d/b": "original\n", link: { linkTo: "a" } });
    const digest = async (): Promise<string> => {
      const hash = createHash("sha256");
      for (const name of await namesIn(source)) {
        const stats = await lstat(join(source, name));
        hash.update(`${name} ${stats.mode} ${stats.nlink} ${stats.mtimeMs} ${stats.ctimeMs}`);
        if (stats.isFile()) hash.update(await readFile(join(source, name)));
      }
      return hash.digest("hex");
    };
    const before = await digest();
    await copier.copy(request(), options());
    await writeFile(join(target, "a"), "changed\n");
    await writeFile(join(target, "link"), "through the link\n");
    await chmod(join(target, "d/b"), 0);
    await rm(join(target, "d"), { recursive: true });
    expect(await digest()).toBe(before);
  });
});
