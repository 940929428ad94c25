import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import {
  appendFile,
  chmod,
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ExportLimits } from "../../../src/work/bounds/limits.ts";
import type { WorkExport } from "../../../src/work/export-work.ts";
import { git, makeRepository } from "../../kit/repositories.mjs";
import { SessionWork } from "./session-work.ts";

const SECRET = "what is in another repository of this host";

let work: SessionWork;
beforeEach(async () => {
  work = await SessionWork.make();
});
afterEach(async () => {
  await work.remove();
});

/** A program that leaves a file when anybody runs it. */
async function canary(): Promise<string> {
  const script = join(work.root, "canary.sh");
  await writeFile(script, `#!/bin/sh\necho "$0 $*" >> ${join(work.root, "canary-ran")}\n`);
  await chmod(script, 0o755);
  return script;
}

async function canaryRan(): Promise<boolean> {
  return (await readdir(work.root)).includes("canary-ran");
}

/** Writes a loose object by hand; undefined as its size means that it is what it says. */
async function writeObject(kind: string, content: Buffer, size = content.length): Promise<string> {
  const bytes = Buffer.concat([Buffer.from(`${kind} ${size}\0`), content]);
  const id = createHash("sha1").update(bytes).digest("hex");
  const directory = join(work.repo, ".git/objects", id.slice(0, 2));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, id.slice(2)), deflateSync(bytes));
  return id;
}

/** A pack of a few kB: a blob of 16 MB, and another that is sixty times the first. */
function packBomb(): Buffer {
  const blob = Buffer.alloc(0xff_ffff);
  const id = createHash("sha1").update(`blob ${blob.length}\0`).update(blob).digest();
  const times = 60;
  // Each instruction copies 0xffffff bytes from the start (gitformat-pack(5)).
  const copy = Buffer.from([0b1111_0000, 0xff, 0xff, 0xff]);
  const delta = Buffer.concat([
    sevenBits(blob.length),
    sevenBits(times * blob.length),
    ...Array.from({ length: times }, () => copy),
  ]);
  const [BLOB, REF_DELTA] = [3, 7];
  const body = Buffer.concat([
    Buffer.from("PACK\0\0\0\x02\0\0\0\x02", "latin1"),
    objectHeader(BLOB, blob.length),
    deflateSync(blob),
    objectHeader(REF_DELTA, delta.length),
    id,
    deflateSync(delta),
  ]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function objectHeader(type: number, size: number): Buffer {
  const rest = size >> 4;
  const first = (type << 4) | (size & 15);
  return rest === 0 ? Buffer.from([first]) : Buffer.concat([Buffer.from([first | 0x80]), sevenBits(rest)]);
}

function sevenBits(size: number): Buffer {
  const bytes = [];
  for (let rest = size; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(Math.floor(size / 128 ** bytes.length));
  return Buffer.from(bytes);
}

interface Case {
  /** What the agent does after it has committed one file `ours.txt`, with the commit that was cloned and its own. */
  readonly attack: (base: string, ours: string) => Promise<void>;
  /** Whether its commit comes out. */
  readonly commits: boolean;
  /** What is said of the things left out: each a part of `what: why`. */
  readonly says: readonly string[];
  readonly limits?: Partial<ExportLimits>;
  /** What else has to be true. */
  readonly besides?: (exported: WorkExport) => Promise<void>;
}

const at = (path: string): string => join(work.repo, path);
const inGit = (path: string): string => join(work.repo, ".git", path);
const config = (text: string): Promise<void> => appendFile(inGit("config"), text);

const CASES: Record<string, Case> = {
  hooks: {
    attack: async () => {
      const script = await canary();
      await mkdir(inGit("hooks"), { recursive: true });
      for (const hook of [
        "post-checkout",
        "pre-push",
        "post-index-change",
        "reference-transaction",
        "pre-commit",
      ])
        await copyFile(script, inGit(`hooks/${hook}`));
      await config(`[core]\n\thooksPath = ${inGit("hooks")}\n`);
    },
    commits: true,
    says: [],
  },
  "a filter with its attributes": {
    attack: async () => {
      const script = await canary();
      await work.write({ ".gitattributes": "* filter=evil\n", "filtered.txt": "text\n" });
      await config(
        `[filter "evil"]\n\tclean = ${script}\n\tsmudge = ${script}\n\tprocess = ${script}\n\trequired = true\n`,
      );
    },
    commits: true,
    says: [],
  },
  "a file system monitor": {
    attack: async () => config(`[core]\n\tfsmonitor = ${await canary()}\n`),
    commits: true,
    says: [],
  },
  "include.path to a configuration that runs things": {
    attack: async () => {
      await writeFile(at("evil"), `[core]\n\tfsmonitor = ${await canary()}\n\tpager = ${await canary()}\n`);
      await config(`[include]\n\tpath = ${at("evil")}\n[includeIf "gitdir:/"]\n\tpath = ${at("evil")}\n`);
    },
    commits: true,
    says: [],
  },
  "textconv, external diff, merge driver, credential helper, pager, editor, ssh command, alias": {
    attack: async () => {
      const script = await canary();
      await work.write({ ".gitattributes": "* diff=evil merge=evil\n", "diffed.txt": "text\n" });
      await config(
        [
          `[diff "evil"]\n\ttextconv = ${script}\n\tcommand = ${script}\n\tcachetextconv = true`,
          `[merge "evil"]\n\tdriver = ${script}`,
          `[diff]\n\texternal = ${script}`,
          `[credential]\n\thelper = !${script}`,
          `[core]\n\tpager = ${script}\n\teditor = ${script}\n\tsshCommand = ${script}\n\taskPass = ${script}`,
          `[alias]\n\tdiff-index = !${script}\n\trev-list = !${script}`,
          `[gpg]\n\tprogram = ${script}`,
          `[uploadpack]\n\tpackObjectsHook = ${script}\n`,
        ].join("\n"),
      );
    },
    commits: true,
    says: [],
  },
  ".git as a file that names another repository": {
    attack: async () => {
      await rename(at(".git"), join(work.root, "elsewhere"));
      await writeFile(at(".git"), `gitdir: ${join(work.root, "elsewhere")}\n`);
    },
    commits: false,
    says: ["commits: .git is no directory"],
  },
  ".git as a link": {
    attack: async () => {
      await rename(at(".git"), join(work.root, "elsewhere"));
      await symlink(join(work.root, "elsewhere"), at(".git"));
    },
    commits: false,
    says: ["commits: .git is no directory"],
  },
  "no .git at all": {
    attack: () => rm(at(".git"), { recursive: true }),
    commits: false,
    says: ["commits: there is no .git"],
  },
  alternates: {
    attack: async () => writeFile(inGit("objects/info/alternates"), `${await otherRepository()}/objects\n`),
    commits: false,
    says: ["commits: its .git/objects/info has a file alternates"],
  },
  "http-alternates": {
    attack: () => writeFile(inGit("objects/info/http-alternates"), "http://127.0.0.1/\n"),
    commits: false,
    says: ["commits: its .git/objects/info has a file http-alternates"],
  },
  commondir: {
    attack: async () => writeFile(inGit("commondir"), `${await otherRepository()}\n`),
    commits: false,
    says: ["commits: its .git has a file commondir"],
  },
  "objects as a link": {
    attack: async () => {
      await rename(inGit("objects"), join(work.root, "objects"));
      await symlink(join(work.root, "objects"), inGit("objects"));
    },
    commits: false,
    says: ["commits: its objects is no directory"],
  },
  "a link in objects/pack": {
    attack: async () => {
      const other = join(await otherRepository(), "objects/pack");
      await git(join(other, "../.."), ["repack", "-a", "-d", "-q"]);
      for (const name of await readdir(other))
        await symlink(join(other, name), inGit(`objects/pack/${name}`));
    },
    commits: false,
    says: ["commits: its .git/objects/pack has something that is no file"],
  },
  "a link among loose objects": {
    attack: async () => {
      const id = await blobOfAnother();
      await mkdir(inGit(`objects/${id.slice(0, 2)}`), { recursive: true });
      await symlink(
        join(await otherRepository(), "objects", id.slice(0, 2), id.slice(2)),
        inGit(`objects/${id.slice(0, 2)}/${id.slice(2)}`),
      );
    },
    commits: false,
    says: ["commits: its .git/objects/", "has something that is no file"],
  },
  "a tree that names the blob of another repository on this host": {
    attack: async (_base, ours) => {
      const blob = await blobOfAnother();
      const entry = Buffer.concat([Buffer.from("100644 stolen\0"), Buffer.from(blob, "hex")]);
      const tree = await writeObject("tree", entry);
      const commit = `tree ${tree}\nparent ${ours}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n`;
      const id = await writeObject("commit", Buffer.from(commit));
      await writeFile(inGit("refs/heads/main"), `${id}\n`);
    },
    commits: false,
    says: ["commits: git says:"],
  },
  "an object under the id of another": {
    attack: async () => {
      const blob = await work.git("rev-parse", "HEAD:ours.txt");
      const file = inGit(`objects/${blob.slice(0, 2)}/${blob.slice(2)}`);
      await chmod(file, 0o600);
      await writeFile(file, deflateSync(Buffer.from("blob 5\0evil\n")));
    },
    commits: false,
    says: ["commits: git says:"],
  },
  "a loose object that unpacks to more than memory": {
    attack: async (_base, ours) => {
      const bomb = await writeObject("blob", Buffer.alloc(300_000_000));
      const entry = Buffer.concat([Buffer.from("100644 bomb\0"), Buffer.from(bomb, "hex")]);
      const tree = await writeObject("tree", entry);
      const commit = `tree ${tree}\nparent ${ours}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n`;
      const id = await writeObject("commit", Buffer.from(commit));
      await writeFile(inGit("refs/heads/main"), `${id}\n`);
    },
    commits: true,
    says: [],
    // It is never in memory, and comes out as small as it went in.
    limits: { memoryBytes: 128 * 1_048_576 },
  },
  "a tree that says it is larger than memory": {
    attack: async (_base, ours) => {
      const tree = await writeObject("tree", Buffer.alloc(300_000_000));
      const commit = `tree ${tree}\nparent ${ours}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n`;
      const id = await writeObject("commit", Buffer.from(commit));
      await writeFile(inGit("refs/heads/main"), `${id}\n`);
    },
    commits: false,
    says: ["commits: git says:"],
    limits: { memoryBytes: 128 * 1_048_576 },
  },
  "a pack whose deltas unpack to more than memory": {
    attack: () => writeFile(inGit(`objects/pack/pack-${"2".repeat(40)}.pack`), packBomb()),
    commits: false,
    says: ["commits: git says:"],
    limits: { memoryBytes: 128 * 1_048_576 },
  },
  "a pack that is none": {
    attack: () => writeFile(inGit(`objects/pack/pack-${"1".repeat(40)}.pack`), Buffer.alloc(1000)),
    commits: false,
    says: ["commits: git says:"],
  },
  "an index of a pack that lies": {
    attack: async () => {
      await work.git("gc", "--quiet", "--prune=now");
      for (const name of await readdir(inGit("objects/pack"))) {
        if (!name.endsWith(".idx")) continue;
        await chmod(inGit(`objects/pack/${name}`), 0o600);
        await writeFile(inGit(`objects/pack/${name}`), Buffer.alloc(5000, 0xff));
      }
    },
    commits: true,
    says: [],
  },
  "more objects than may be taken": {
    attack: async () => undefined,
    commits: false,
    says: ["commits: it has more than 2 new files of objects"],
    limits: { objects: 2 },
  },
  "more bytes of objects than may be taken": {
    attack: async () => {
      await work.commit("Large", { "large.bin": { content: randomBytes(300_000) } });
    },
    commits: false,
    says: ["commits: with it there are more than", "to copy"],
    limits: { bytes: 100_000 },
  },
  "a million refs": {
    attack: async (_base, ours) => {
      const lines = Array.from({ length: 1_000_000 }, (_, index) => `${ours} refs/tags/t${index}\n`);
      await writeFile(inGit("packed-refs"), lines.join(""));
    },
    commits: true,
    says: ["packed-refs: what comes after its first", "refs: there are", "of which 500 were taken"],
    limits: { refs: 500 },
    besides: async ({ summary }) => {
      expect(summary.branches).toHaveLength(500);
      expect(summary.branches[0]?.name).toBe("refs/heads/main");
    },
  },
  "a branch named like an option": {
    attack: async (_base, ours) => {
      for (const name of ["-x", "--upload-pack=x", "--output=y"])
        await work.git("update-ref", `refs/heads/${name}`, ours);
    },
    commits: true,
    says: [],
    besides: async ({ summary }) => {
      expect(summary.branches.map(({ name }) => name)).toContain("refs/heads/--upload-pack=x");
      const checkout = await work.fetched();
      expect(await git(checkout, ["for-each-ref", "--format=%(refname)"])).toContain(
        "refs/agentd/heads/--upload-pack=x",
      );
    },
  },
  "refs that git would not make": {
    attack: async (_base, ours) => {
      const lines = [
        "refs/heads/a..b",
        "refs/heads/a b",
        "refs/../x",
        "refs/heads/x.lock",
        "HEAD",
        "refs/heads/a\x1b[31m",
      ];
      await writeFile(inGit("packed-refs"), lines.map((name) => `${ours} ${name}\n`).join(""));
      await writeFile(inGit("refs/heads/short"), `${ours.slice(0, 20)}\n`);
      await writeFile(inGit("refs/heads/option"), "--all\n");
      await symlink("/etc/passwd", inGit("refs/heads/link"));
      execFileSync("mkfifo", [inGit("refs/heads/fifo")]);
    },
    commits: true,
    says: [
      "refs/heads/a..b: git makes no ref of this name",
      "refs/heads/short: it holds no id of 40 hexadecimal digits",
      "refs/heads/option: it holds no id",
      "refs/heads/link: it is no file",
      "refs/heads/fifo: it is no file",
      "refs/heads/a\\x1b[31m: git makes no ref of this name",
    ],
  },
  "a ref that leads to nothing": {
    attack: () => writeFile(inGit("refs/heads/lost"), `${"12".repeat(20)}\n`),
    commits: true,
    says: ["refs/heads/lost: it leads to an object that is missing"],
  },
  "HEAD as a link": {
    attack: async () => {
      await rm(inGit("HEAD"));
      await symlink("/etc/passwd", inGit("HEAD"));
    },
    commits: true,
    says: ["HEAD: it names neither a branch nor a commit"],
  },
  reftable: {
    attack: async () => {
      await mkdir(inGit("reftable"));
      await writeFile(inGit("HEAD"), "ref: refs/heads/.invalid\n");
      await config("[extensions]\n\trefStorage = reftable\n");
    },
    commits: false,
    says: ["commits: its refs are in a reftable"],
  },
  "another kind of ids": {
    attack: async () => {
      await rm(at(".git"), { recursive: true });
      await work.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main");
      await work.git("add", "--all");
      await work.git("commit", "--quiet", "--message", "x");
    },
    commits: false,
    says: ["refs/heads/main: it holds no id of 40 hexadecimal digits"],
  },
  "replace refs, grafts and a shallow file": {
    attack: async (base, ours) => {
      await work.git("replace", ours, base);
      await mkdir(inGit("info"), { recursive: true });
      await writeFile(inGit("info/grafts"), `${ours}\n`);
      await writeFile(inGit("shallow"), `${ours}\n`);
    },
    commits: true,
    says: [],
  },
  "repositories in the tree, and submodules": {
    attack: async () => {
      await work.git("init", "--quiet", at("nested/inner"));
      await writeFile(at("nested/inner/file"), "inner\n");
      await mkdir(at("plain/.git"), { recursive: true });
      await writeFile(at(".gitmodules"), '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c x\n');
    },
    commits: true,
    says: ["nested/inner: it is a repository of its own", "plain: it is a repository of its own"],
  },
  "links to files of the host": {
    attack: async () => {
      await symlink("/etc/passwd", at("passwd"));
      await symlink("/etc", at("etc"));
      await rm(at("src"), { recursive: true });
      await symlink("/etc", at("src"));
    },
    commits: true,
    says: [],
    besides: async () => {
      const patch = await work.readPatch();
      expect(patch).toContain("+/etc/passwd\n");
      expect(patch).not.toContain("root:x:");
    },
  },
  "a FIFO and a socket": {
    attack: async () => {
      execFileSync("mkfifo", [at("fifo")]);
      await rm(at("README.md"));
      execFileSync("mkfifo", [at("README.md")]);
    },
    commits: true,
    says: ["fifo: it is no file, link or directory", "README.md: it is no file, link or directory"],
  },
  "a name that is no UTF-8, with a newline": {
    attack: async () =>
      writeFile(Buffer.concat([Buffer.from(at("n")), Buffer.from([0xff, 0x0a, 0x22])]), "bytes\n"),
    commits: true,
    says: [],
    besides: async () => expect(await work.readPatch()).toContain(String.raw`"b/n\377\n\""`),
  },
  "files that nobody may read": {
    attack: async () => {
      await work.write({ "closed/file": "closed\n", shut: "shut\n" });
      await chmod(at("shut"), 0);
      await chmod(at("closed"), 0);
    },
    commits: true,
    says: [],
    besides: async () => {
      expect(await work.readPatch()).toContain("+closed\n");
      expect(await work.readPatch()).toContain("+shut\n");
    },
  },
  "4,000 levels": {
    attack: async () => {
      execFileSync("python3", ["-c", DEEP], { cwd: work.repo });
    },
    commits: true,
    says: ["it is more than 256 levels deep"],
  },
  "20,000 files": {
    attack: async () => {
      for (let directory = 0; directory < 20; directory += 1) {
        mkdirSync(at(`many/${directory}`), { recursive: true });
        for (let file = 0; file < 1000; file += 1) writeFileSync(at(`many/${directory}/${file}`), "");
      }
    },
    commits: true,
    says: [],
    besides: async ({ summary }) => expect(summary.files_changed).toBe(20_001),
  },
  "more files than are looked at": {
    attack: async () =>
      work.write(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`many/${i}`, "x\n"]))),
    commits: true,
    says: ["many: there are more than 50 new files"],
    limits: { entries: 50 },
  },
  "a file of a terabyte that has no content": {
    attack: async () => execFileSync("truncate", ["--size=1T", at("huge")]) as unknown as Promise<void>,
    commits: true,
    says: ["huge: with it there are more than 256 MiB to copy"],
  },
  "hard links to one file": {
    attack: async () => link(at("README.md"), at("same")),
    commits: true,
    says: [],
  },
};

const DEEP = `
import os
for _ in range(4000):
    os.mkdir("d"); os.chdir("d")
open("end", "w").close()
`;

async function otherRepository(): Promise<string> {
  const path = join(work.root, "repos", "other.git");
  if (!(await readdir(join(work.root, "repos"))).includes("other.git"))
    await makeRepository(path, { files: { "secret.txt": SECRET } });
  return path;
}

async function blobOfAnother(): Promise<string> {
  return await git(await otherRepository(), ["rev-parse", "main:secret.txt"]);
}

describe("a hostile repository", () => {
  it.each(Object.entries(CASES))("with %s", async (_name, { attack, commits, says, limits, besides }) => {
    const base = await work.begin();
    const ours = await work.commit("Ours", { "ours.txt": "ours\n" });
    await attack(base, ours);
    await rm(join(work.root, "canary-ran"), { force: true });
    const exported = await work.export(limits);
    const { summary, warnings } = exported;
    const said = summary.left_out.map(({ what, why }) => `${what}: ${why}`).join("\n");
    for (const each of says) expect(said).toContain(each);
    if (says.length === 0) expect(said).toBe("");
    if (commits) {
      expect(await git(await work.fetched(), ["log", "--format=%s", "--all"])).toContain("Ours");
    } else {
      expect((await readdir(work.out)).includes("commits.bundle")).toBe(false);
    }
    if (said !== "") expect(warnings).not.toEqual([]);
    // The changed files come out whatever became of the commits.
    if (limits?.bytes === undefined) expect(await work.readPatch()).toContain("+ours\n");
    for (const name of await readdir(work.out))
      expect((await readFile(join(work.out, name), "latin1")).includes(SECRET)).toBe(false);
    expect(await canaryRan()).toBe(false);
    expect((await stat(join(work.out, "summary.json"))).size).toBeLessThan(5_000_000);
    await besides?.(exported);
  });
});
