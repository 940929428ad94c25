import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { deliverClone, labelCommand } from "../../../src/workspace/deliver-clone.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { writeFiles } from "../../kit/files.mjs";

let root: string;
let staging: Staging;
const { signal } = new AbortController();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-deliver-"));
  staging = await Staging.create(root, "0123456789abcdef", "0123abcd");
  await writeFiles(staging.cloneDirectory, { ".git/HEAD": "ref: refs/heads/main\n", door: "green\n" });
});
afterEach(() => removeTree(root));

describe("delivering a clone", () => {
  it("moves every entry and leaves no clone behind", async () => {
    await deliverClone(staging, { selinux: false, signal });
    expect((await readdir(staging.repoDirectory)).sort()).toEqual([".git", ".runa", "door"]);
    expect((await readdir(staging.directory)).sort()).toEqual(["home", "repo"]);
  });

  it("moves nothing when it cannot be labelled, where SELinux is on", async () => {
    await rm(staging.repoDirectory, { recursive: true });
    await expect(deliverClone(staging, { selinux: true, signal })).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringMatching(/^cannot label the clone .*\/repo'?: No such file or directory$/),
    });
    expect((await readdir(staging.cloneDirectory)).sort()).toEqual([".git", "door"]);
  });

  it("does nothing when the session is told to stop", async () => {
    const reason = new Error("stopped by the operator");
    const stopped = AbortSignal.abort(reason);
    await expect(deliverClone(staging, { selinux: true, signal: stopped })).rejects.toBe(reason);
    expect(await readdir(staging.repoDirectory)).toEqual([".runa"]);
  });
});

/** A file system of one's own takes labels, whether or not the host has SELinux. */
const ON_A_FILE_SYSTEM_OF_ITS_OWN = `
mount -t tmpfs none "$PWD" && cd "$PWD" || exit
mkdir -p repo clone/deep outside
touch repo/.runa clone/deep/file clone/-option outside/file
ln -s "$PWD/outside" clone/link
chcon --no-dereference system_u:object_r:user_home_t:s0 outside outside/file
chcon system_u:object_r:container_file_t:s0:c17,c42 repo
"$@" >&2
find . -mindepth 1 -printf '%Z %P\n' | sort
`;

describe("labelling a tree for SELinux", () => {
  it("gives all of it the label of the reference, and what links lead to keeps its own", async () => {
    const { stdout } = await execa(
      "unshare",
      [
        ...["--map-root-user", "--mount", "sh", "-c", ON_A_FILE_SYSTEM_OF_ITS_OWN, "sh"],
        ...labelCommand("repo", "clone"),
      ],
      { cwd: root },
    );
    const label = "system_u:object_r:container_file_t:s0:c17,c42";
    const lines = stdout.split("\n").filter((line) => !/ (repo\/.*)$/.test(line));
    expect(lines).toEqual([
      `${label} clone`,
      `${label} clone/-option`,
      `${label} clone/deep`,
      `${label} clone/deep/file`,
      `${label} clone/link`,
      `${label} repo`,
      "system_u:object_r:user_home_t:s0 outside",
      "system_u:object_r:user_home_t:s0 outside/file",
    ]);
  });
});
