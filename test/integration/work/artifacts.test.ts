/** What a session left in its clone and its home, whatever it is, as artifacts. */
import { once } from "node:events";
import { chmod, link, lstat, mkdir, mkdtemp, readdir, readFile, symlink, truncate } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isThere } from "../../../src/if-there.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { ARTIFACT_LIMITS, type ArtifactLimits } from "../../../src/work/artifacts/artifact-limits.ts";
import { type ArtifactsSummary, collectArtifacts } from "../../../src/work/artifacts/collect-artifacts.ts";
import { type Files, writeFiles } from "../../kit/files.mjs";

const MIB = 1_048_576;
/** Of a host's file that no artifact may have. */
const SECRET = "what is elsewhere on this host";

let root: string;
let repo: string;
let home: string;
let out: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-artifacts-"));
  [repo, home, out] = [join(root, "repo"), join(root, "home"), join(root, "artifacts")];
  await writeFiles(root, { "secret/file": SECRET });
  await mkdir(repo);
  await mkdir(home);
});
afterEach(async () => {
  await removeTree(root);
});

async function collect(
  patterns: readonly string[],
  limits: Partial<ArtifactLimits> = {},
): Promise<ArtifactsSummary> {
  return await collectArtifacts(
    { repoDirectory: repo, homeDirectory: home, patterns, outDirectory: out },
    { ...ARTIFACT_LIMITS, bytes: 256 * MIB, timeMs: 120_000, ...limits },
    new AbortController().signal,
  );
}

/** The files that came out, by their paths as bytes; nothing at all when there is no directory. */
async function exported(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  if (!(await isThere(out))) return found;
  const directories = [""];
  for (let below = directories.pop(); below !== undefined; below = directories.pop()) {
    for (const name of await readdir(inOut(below), { encoding: "buffer" })) {
      const path = `${below}${name.toString("latin1")}`;
      const stats = await lstat(inOut(path));
      expect(stats.isFile() ? stats.nlink : "directory").toBe(stats.isDirectory() ? "directory" : 1);
      if (stats.isDirectory()) directories.push(`${path}/`);
      else found[path] = (await readFile(inOut(path))).toString("latin1").slice(0, 100);
    }
  }
  return found;
}

function inOut(path: string): Buffer {
  return Buffer.concat([Buffer.from(`${out}/`), Buffer.from(path, "latin1")]);
}

/** Runs perl in a directory: it reaches what paths cannot. */
async function perl(directory: string, script: string, ...args: string[]): Promise<void> {
  await execa("perl", ["-e", script, ...args], { cwd: directory });
}

const MAKE_DEEP = `for (1 .. 4000) { mkdir "d" or die; chdir "d" or die; if ($_ == 3) { open F, ">f"; print F "f"; close F } } open F, ">deep"`;
const FIFO = `use POSIX; POSIX::mkfifo($ARGV[0], 0600) or die`;
const LINKED = "it is a symbolic link, and links are not followed";
const NO_MORE = "others were not looked at";

interface Case {
  readonly what: string;
  readonly make: () => Promise<unknown>;
  readonly patterns: readonly string[];
  readonly limits?: Partial<ArtifactLimits>;
  readonly files: Files;
  readonly leftOut: readonly (readonly [what: string, why: string])[];
}

const CASES: readonly Case[] = [
  {
    what: "files of the clone and the home",
    make: async () => {
      await writeFiles(repo, { "dist/a.js": "a", "dist/.b/c": "c", "src/x": "x" });
      await writeFiles(home, { ".codex/sessions/1.jsonl": "{}", ".codex/auth.json": SECRET });
    },
    patterns: ["dist/**", "~/.codex/sessions/**"],
    files: { "dist/a.js": "a", "dist/.b/c": "c", "~/.codex/sessions/1.jsonl": "{}" },
    leftOut: [],
  },
  {
    what: "a link to a file of the host",
    make: () => symlink(join(root, "secret/file"), join(repo, "link")),
    patterns: ["**"],
    files: {},
    leftOut: [["link", LINKED]],
  },
  {
    what: "a link where a pattern names a directory",
    make: () => symlink(join(root, "secret"), join(repo, "dist")),
    patterns: ["dist/**"],
    files: {},
    leftOut: [["dist", LINKED]],
  },
  {
    what: "a link in the middle of nowhere, which no pattern names",
    make: () => symlink(join(root, "secret"), join(repo, "bin")),
    patterns: ["**/*.log"],
    files: {},
    leftOut: [],
  },
  {
    what: "a FIFO",
    make: () => perl(repo, FIFO, "fifo"),
    patterns: ["*"],
    files: {},
    leftOut: [["fifo", "it is a FIFO"]],
  },
  {
    what: "hard links",
    make: async () => {
      await writeFiles(repo, { a: "a" });
      await link(join(repo, "a"), join(repo, "b"));
    },
    patterns: ["*"],
    files: { a: "a", b: "a" },
    leftOut: [],
  },
  {
    what: "directories and files that their owner may not read",
    make: async () => {
      await writeFiles(repo, { "dist/in/a": "a" });
      await chmod(join(repo, "dist/in/a"), 0);
      await chmod(join(repo, "dist/in"), 0);
      await chmod(join(repo, "dist"), 0);
    },
    patterns: ["dist/**"],
    files: { "dist/in/a": "a" },
    leftOut: [],
  },
  {
    what: "4,000 levels of directories",
    make: () => perl(repo, MAKE_DEEP),
    patterns: ["**"],
    files: { "d/d/d/f": "f" },
    leftOut: [[Array.from({ length: 257 }, () => "d").join("/"), "it is more than 256 levels deep"]],
  },
  {
    what: "a path that is too long",
    make: () => writeFiles(repo, { ["n".repeat(200)]: "n", a: "a" }),
    patterns: ["**"],
    limits: { pathBytes: 100 },
    files: { a: "a" },
    leftOut: [["n".repeat(200), "its path has more than 100 bytes"]],
  },
  {
    what: "names that are not UTF-8",
    make: () =>
      perl(
        repo,
        `for ("\\xff", "a\\xe4.log") { open F, ">$_"; print F "x"; close F } mkdir "d\\xfe"; open F, ">d\\xfe/y"; symlink "x", "l\\xfd"`,
      ),
    patterns: ["**"],
    files: { "\xff": "x", "a\xe4.log": "x", "d\xfe/y": "" },
    leftOut: [["l\\xfd", LINKED]],
  },
  {
    what: "a file with a hole of 10 GB",
    make: async () => {
      await writeFiles(repo, { big: "b", small: "s" });
      await truncate(join(repo, "big"), 10_000 * MIB);
    },
    patterns: ["*"],
    files: { small: "s" },
    leftOut: [["big", "with it there are more than 256 MiB to copy"]],
  },
  {
    what: "more bytes than are allowed: what still fits is taken",
    make: () => writeFiles(repo, { a: "aaaa", b: "bbbb", c: "c" }),
    patterns: ["*"],
    limits: { bytes: 5 },
    files: { a: "aaaa", c: "c" },
    leftOut: [["b", "with it there are more than 5 bytes to copy"]],
  },
  {
    what: "more files than are allowed",
    make: () => writeFiles(repo, { a: "a", b: "b", c: "c" }),
    patterns: ["*"],
    limits: { files: 2 },
    files: { a: "a", b: "b" },
    leftOut: [[".", `there are more than 2 files; ${NO_MORE}`]],
  },
  {
    what: "more names than are looked at",
    make: () => writeFiles(repo, { "a/1": "1", "b/1": "1", "b/2": "2", "b/3": "3" }),
    patterns: ["**"],
    limits: { entries: 4 },
    files: { "a/1": "1" },
    leftOut: [[".", `there are more than 4 names to look at; ${NO_MORE}`]],
  },
  {
    what: "no time at all: nothing is left of a file that is half copied",
    make: () => writeFiles(repo, { big: "b".repeat(40 * MIB) }),
    patterns: ["*"],
    limits: { timeMs: 0 },
    files: {},
    leftOut: [[".", `it takes too long; ${NO_MORE}`]],
  },
  {
    what: "repositories",
    make: async () => {
      await writeFiles(repo, { ".git/config": "x", ".runa/x": "x", "sub/.git/config": "x", "sub/a": "a" });
      await writeFiles(home, { "repo/x": "x", "p/.GIT/config": "x", "p/b": "b" });
    },
    patterns: ["**", "~/**"],
    files: { "sub/a": "a", "~/p/b": "b" },
    leftOut: [
      ["sub/.git", "it is a repository of its own"],
      ["~/p/.GIT", "it is a repository of its own"],
    ],
  },
  {
    what: "a directory of the clone that is called as the home is",
    make: async () => {
      await writeFiles(repo, { "~/.bashrc": "forged", "a/~/b": "b" });
      await writeFiles(home, { ".bashrc": "true" });
    },
    patterns: ["**", "~/.bashrc"],
    files: { "~/.bashrc": "true", "a/~/b": "b" },
    leftOut: [["~", "among the artifacts, this name stands for the home"]],
  },
];

describe("artifacts", () => {
  it.each(CASES)("are copied with bounds, and what is left out is told: $what", async (each) => {
    await each.make();
    const { files, left_out, left_out_count } = await collect(each.patterns, each.limits);
    expect(await exported()).toEqual(each.files);
    expect(files).toBe(Object.keys(each.files).length);
    expect(left_out.map(({ what, why }) => [what, why])).toEqual(each.leftOut);
    expect(left_out_count).toBe(each.leftOut.length);
  });

  it("are not sockets", async () => {
    const server = createServer().listen(join(repo, "socket"));
    await once(server, "listening");
    expect((await collect(["*"])).left_out).toEqual([{ what: "socket", why: "it is a socket" }]);
    server.close();
    expect(await exported()).toEqual({});
  });

  it("go into no directory where nothing can match: many files beside a narrow pattern are not looked at", async () => {
    await perl(home, `for my $d (1 .. 100) { mkdir "c$d"; for (1 .. 100) { open F, ">c$d/$_" or die } }`);
    await writeFiles(home, { ".codex/sessions/a": "a" });
    const { files, left_out } = await collect(["~/.codex/sessions/**"], { entries: 110 });
    expect([files, left_out]).toEqual([1, []]);
  });

  it("keep no special mode, and whether a file can be executed", async () => {
    await writeFiles(repo, { plain: "", program: "" });
    await chmod(join(repo, "plain"), 0o2666);
    await chmod(join(repo, "program"), 0o6755);
    await collect(["*"]);
    const modes = await Promise.all(
      ["plain", "program"].map(async (name) => (await lstat(join(out, name))).mode),
    );
    expect(modes.map((mode) => mode & 0o7777)).toEqual([0o600, 0o700]);
  });

  it("are not there when no file matches, and the patterns without a file are named", async () => {
    await writeFiles(repo, { "a/b": "b" });
    const { unmatched } = await collect(["a/*", "dist/**", "{a,c}/x"]);
    expect(unmatched).toEqual(["dist/**", "{a,c}/x"]);
    await collect(["dist/**"]);
    await expect(lstat(out)).rejects.toThrow("ENOENT");
  });

  it("leave no empty directory", async () => {
    await writeFiles(repo, { "a/b/big": "xx", "a/c": "c" });
    await collect(["a/**"], { bytes: 1 });
    expect(await readdir(out, { recursive: true })).toEqual(["a", "a/c"]);
  });

  it("replace those of an earlier attempt", async () => {
    await writeFiles(out, { "old/file": "old" });
    await writeFiles(repo, { new: "new" });
    await collect(["*"]);
    expect(await exported()).toEqual({ new: "new" });
  });

  it("of a home that is gone are told", async () => {
    await removeTree(home);
    const { left_out } = await collect(["~/a"]);
    expect(left_out).toMatchObject([{ what: "~", why: expect.stringContaining("ENOENT") as string }]);
  });

  it("end with the signal's reason", async () => {
    const reason = new Error("stopped");
    await writeFiles(repo, { big: "b".repeat(40 * MIB) });
    const request = { repoDirectory: repo, homeDirectory: home, patterns: ["*"], outDirectory: out };
    const limits = { ...ARTIFACT_LIMITS, bytes: 256 * MIB, timeMs: 120_000 };
    await expect(collectArtifacts(request, limits, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await exported()).toEqual({});
  });

  it("list so many that were left out, and count the rest", async () => {
    for (const name of ["a", "b", "c"]) await symlink("x", join(repo, name));
    const { left_out, left_out_count } = await collect(["*"], { leftOut: 2 });
    expect([left_out.length, left_out_count]).toEqual([2, 3]);
  });

  it("are the beginning of a file that grows, and all of one that was cut", async () => {
    await writeFiles(repo, { grows: "x".repeat(20 * MIB), cut: "y".repeat(20 * MIB) });
    const writer = execa(
      "perl",
      [
        "-e",
        `$| = 1; open F, ">>grows"; select F; $| = 1; print STDOUT "ready\\n"; for (;;) { print F "x" x 4096; truncate "cut", int rand 1e7 }`,
      ],
      { cwd: repo, reject: false },
    );
    await once(writer.stdout, "data");
    const { files, bytes } = await collect(["*"]);
    writer.kill("SIGKILL");
    await writer;
    const sizes = await Promise.all(
      ["cut", "grows"].map(async (name) => (await lstat(join(out, name))).size),
    );
    expect([files, bytes]).toEqual([2, (sizes[0] ?? 0) + (sizes[1] ?? 0)]);
    expect(sizes[1]).toBeGreaterThanOrEqual(20 * MIB);
    expect(sizes[1]).toBeLessThanOrEqual((await lstat(join(repo, "grows"))).size);
  });

  it("have nothing of the host while links take the place of directories and files", async () => {
    const attack = `
      my $victim = shift;
      for (0 .. 99) { mkdir "d$_"; open F, ">d$_/file"; print F "own"; close F; symlink $victim, "l$_" }
      open F, ">own"; print F "own"; close F; symlink "$victim/file", "link";
      $| = 1; print "ready\\n";
      for (;;) { for (0 .. 99) { syscall(${EXCHANGE}, -100, "d$_", -100, "l$_", 2); syscall(${EXCHANGE}, -100, "own", -100, "link", 2) } }`;
    const attacker = execa("perl", ["-e", attack, join(root, "secret")], { cwd: repo, reject: false });
    await once(attacker.stdout, "data");
    let copied = 0;
    for (let round = 0; round < 10; round++) {
      copied += (await collect(["**"])).files;
      expect(new Set(Object.values(await exported()))).not.toContain(SECRET);
    }
    attacker.kill("SIGKILL");
    await attacker;
    expect(copied).toBeGreaterThan(0);
  });
});

/** renameat2 with RENAME_EXCHANGE. */
const EXCHANGE = { x64: 316, arm64: 276 }[process.arch as "x64" | "arm64"];
