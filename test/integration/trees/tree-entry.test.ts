import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytePath } from "../../../src/trees/byte-path.ts";
import { TreeEntry } from "../../../src/trees/tree-entry.ts";

let directory: string;
let tree: string;
let victim: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "agentd-trees-"));
  tree = join(directory, "tree");
  victim = join(directory, "victim");
  for (const each of [tree, victim]) mkdirSync(join(each, "inner"), { recursive: true });
  writeFileSync(join(tree, "inner", "file"), "of the tree");
  writeFileSync(join(victim, "inner", "file"), "of the host");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What a process that holds a descriptor of the tree does to it. */
function putLinkInPlaceOf(name: string): void {
  renameSync(join(tree, name), join(tree, "moved"));
  symlinkSync(join(victim, name), join(tree, name));
}

describe("an entry of a tree that somebody still writes", () => {
  it("stays with its directory when a link takes the directory's place", () => {
    using root = TreeEntry.root(tree);
    using inner = root.open(bytePath("inner"));
    putLinkInPlaceOf("inner");
    inner.unlink(bytePath("file"));
    inner.setMode(0o500);
    expect([...inner.names()]).toEqual([]);
    expect(readFileSync(join(victim, "inner", "file"), "utf8")).toBe("of the host");
    expect(statSync(join(victim, "inner")).mode & 0o777).not.toBe(0o500);
  });

  it("is the link itself where a link came before it was opened", () => {
    putLinkInPlaceOf("inner");
    using root = TreeEntry.root(tree);
    using inner = root.open(bytePath("inner"));
    expect(inner.stats.isSymbolicLink()).toBe(true);
    expect(() => inner.unlink(bytePath("file"))).toThrow(/ENOTDIR/);
    expect(() => [...inner.names()]).toThrow(/ENOTDIR|ELOOP/);
    expect(() => inner.setMode(0o500)).toThrow();
    expect(() => inner.openContent()).toThrow("not a regular file");
    expect(readFileSync(join(victim, "inner", "file"), "utf8")).toBe("of the host");
  });

  it("is opened up by its mode where nobody may read it", () => {
    chmodSync(join(tree, "inner"), 0);
    using root = TreeEntry.root(tree);
    using inner = root.open(bytePath("inner"));
    inner.setMode(0o700);
    expect([...inner.names()]).toEqual([bytePath("file")]);
  });

  it("has names of any bytes", () => {
    const name = Buffer.from([0x61, 0xff, 0x0a, 0x62]);
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), name]), "");
    using root = TreeEntry.root(tree);
    expect([...root.names()].sort()).toEqual([name.toString("latin1"), "inner"]);
  });

  it("is looked at without waking a FIFO", () => {
    execFileSync("mkfifo", [join(tree, "fifo")]);
    using root = TreeEntry.root(tree);
    using fifo = root.open(bytePath("fifo"));
    expect(fifo.stats.isFIFO()).toBe(true);
    expect(() => fifo.openContent()).toThrow("not a regular file");
  });

  it("says what is in a directory, without following a link", () => {
    symlinkSync(victim, join(tree, "link"));
    writeFileSync(join(tree, "file"), "");
    execFileSync("mkfifo", [join(tree, "fifo")]);
    using root = TreeEntry.root(tree);
    expect(Object.fromEntries(Array.from(root.entries(), ({ name, kind }) => [name, kind]))).toEqual({
      inner: "directory",
      link: "link",
      file: "file",
      fifo: "special",
    });
    expect(root.look(bytePath("link")).isSymbolicLink()).toBe(true);
    expect(root.readLink(bytePath("link"))).toBe(victim);
    expect(() => root.readLink(bytePath("file"))).toThrow(/EINVAL/);
    expect(() => root.look(bytePath("missing"))).toThrow(/ENOENT/);
  });
});
