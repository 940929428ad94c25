import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OpenRecord } from "../../../src/audit/open/open-record.ts";
import { git } from "../../kit/repositories.mjs";
import { makeOpenRecord, makeWorkRecord } from "../../kit/work-record.ts";
import { SessionWork } from "../work/session-work.ts";
import { agentd, agentdIn, agentdOnTerminal, PROGRAM_DIRECTORY } from "./installed-cli.ts";

const AGENTD = join(PROGRAM_DIRECTORY, "agentd");

/** No UTF-8, and a newline and a quote. */
const ODD = Buffer.from('sr\xe4"\n.txt', "latin1");

let home: string;
let session: SessionWork;
let base: string;
let commits: readonly string[];
let record: OpenRecord;
let unchanged: OpenRecord;

/** An agent's work of every kind: two commits on a branch of its own, a second branch, and a rest. */
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-work-home-"));
  await writeFile(
    join(home, ".gitconfig"),
    "[user]\n\tname = op\n\temail = op@example.org\n[core]\n\tpager = cat\n",
  );
  session = await SessionWork.make();
  base = await session.begin({
    "README.md": "# Demo\n",
    "src/a.txt": "a\n".repeat(50),
    "gone.txt": "gone\n",
    "run.sh": "#!/bin/sh\n",
  });
  unchanged = await makeWorkRecord(home, (await session.export(), session.out));
  await session.git("update-ref", "refs/heads/-x", base);
  await session.git("checkout", "--quiet", "-b", "fix");
  const first = await session.commit("first", { "README.md": "# Better demo\n" });
  await session.git("update-ref", "refs/heads/-x", first);
  await session.git("update-ref", "refs/heads/agentd/0000000000000000", first);
  await session.git("mv", "src/a.txt", "src/moved.txt");
  const second = await session.commit("second", { "bin.dat": "\0\x01\x02" });
  commits = [second, first];
  await session.write({ "README.md": "# Best demo\x1b]0;title\x07\x1b[31m\n+not \u202ea line\r\n" });
  await session.write({ "new/untracked.txt": "new\n" });
  await writeFile(Buffer.concat([Buffer.from(`${session.repo}/`), ODD]), "odd\n");
  await rm(join(session.repo, "gone.txt"));
  await chmod(join(session.repo, "run.sh"), 0o755);
  await session.export();
  record = await makeWorkRecord(home, session.out);
});

afterAll(async () => {
  await session.remove();
  await execa("chmod", ["-R", "u+rwX", home]);
  await execa("rm", ["-rf", home]);
});

async function checkout(): Promise<string> {
  const directory = await mkdtemp(join(home, "checkout-"));
  await git(home, ["clone", "--quiet", session.origin, directory]);
  return directory;
}

/** Copies the record's work, changes it and seals it: what a broken export could write. */
async function recordWith(change: (work: string) => Promise<void>): Promise<OpenRecord> {
  const work = await mkdtemp(join(home, "work-"));
  await execa("cp", ["-r", `${session.out}/.`, work]);
  await change(work);
  return await makeWorkRecord(home, work);
}

describe("agentd diff", () => {
  it("prints the patch byte for byte into a pipe, and git applies it", async () => {
    const patch = await readFile(session.patch);
    const { stdout } = await execa(AGENTD, ["diff", record.id], {
      extendEnv: false,
      env: environment(),
      encoding: "buffer",
      stripFinalNewline: false,
    });
    expect(Buffer.from(stdout)).toEqual(patch);
    const directory = await checkout();
    await execa("git", ["apply", "--index"], { cwd: directory, input: patch });
    expect(await git(directory, ["status", "--porcelain"])).toContain("new/untracked.txt");
  });

  it("shows it on a terminal in git's colours, with nothing else that a terminal would obey", async () => {
    const { stdout } = await agentdOnTerminal(home, "diff", record.id);
    expect(stdout).toContain("\x1b[32m+# Best demo\\x1b]0;title\\x07\\x1b[31m\x1b[m");
    expect(stdout).toContain("\x1b[32m++not \\u{202e}a line\\x0d\x1b[m");
    expect(stdout).toContain("\x1b[1mdiff --git a/README.md b/README.md\x1b[m");
    expect(stdout).not.toContain("\x1b]");
    expect(stdout.replace(/\x1b\[[0-9;]*m/g, "")).not.toMatch(/[\x1b\x07]/);
  });

  it("uses the operator's pager and colours, and none that a repository in the current directory names", async () => {
    const pager = join(home, "pager");
    await writeFile(pager, "#!/bin/sh\nsed 's/^/paged: /'\n", { mode: 0o755 });
    const config = join(home, ".gitconfig");
    const before = await readFile(config, "utf8");
    const canary = join(home, "canary");
    const hostile = await checkout();
    await git(hostile, ["config", "core.pager", `touch ${canary}; cat`]);
    try {
      await execa("git", ["config", "--file", config, "core.pager", pager]);
      await execa("git", ["config", "--file", config, "color.diff.new", "blue"]);
      const { stdout } = await agentdOnTerminal(home, "diff", record.id);
      expect(stdout).toContain("paged: \x1b[34m+# Best demo");
      await execa("git", ["config", "--file", config, "core.pager", "cat"]);
      await execa("script", ["-qec", `cd '${hostile}' && '${AGENTD}' diff ${record.id}`, "/dev/null"], {
        extendEnv: false,
        env: { ...environment(), TERM: "xterm", SHELL: "/bin/sh" },
      });
      await expect(readFile(canary)).rejects.toThrow("ENOENT");
    } finally {
      await writeFile(config, before);
    }
  });

  it("prints statistics and names", async () => {
    const { stdout: stat } = await agentd(home, "diff", "--stat", record.id);
    expect(stat).toMatch(/ README\.md +\| +3 \+\+-\n/);
    expect(stat).toMatch(/mode change 100644 => 100755 run\.sh|7 files changed/);
    const { stdout: names } = await agentd(home, "diff", "--name-only", record.id);
    expect(names.split("\n")).toEqual(
      expect.arrayContaining([
        "README.md",
        "bin.dat",
        "gone.txt",
        "new/untracked.txt",
        "run.sh",
        "src/moved.txt",
      ]),
    );
    expect(names).toContain('\\"\\n.txt"\n');
    const { stdout: shown } = await agentdOnTerminal(home, "diff", "--name-only", record.id);
    expect(shown).toContain("new/untracked.txt");
  });

  it("prints the summary as JSON", async () => {
    const { stdout } = await agentd(home, "diff", "--json", record.id);
    expect(JSON.parse(stdout)).toMatchObject({
      session_id: record.id,
      base,
      commit_count: 2,
      uncommitted: 5,
    });
  });

  it("takes one of its options only", async () => {
    expect(await agentd(home, "diff", "--stat", "--json", record.id)).toMatchObject({ exitCode: 2 });
  });

  it("says that a session has changed nothing", async () => {
    expect(await agentd(home, "diff", unchanged.id)).toMatchObject({
      exitCode: 0,
      stdout: "",
      stderr: `agentd: session ${unchanged.id} changed nothing\n`,
    });
  });
});

describe.each(["diff", "apply"])("agentd %s", (command) => {
  it("says that the work of an open session comes with its end", async () => {
    const open = await makeOpenRecord(home);
    const { exitCode, stderr } = await agentd(home, command, open.id);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the session has not ended, and its work is recorded at its end [work_missing]");
    expect(stderr).toContain(`agentd wait ${open.id}`);
  });

  it("says why there is no work", async () => {
    const older = await makeWorkRecord(home, undefined);
    expect((await agentd(home, command, older.id)).stderr).toContain("no directory `work`");
    const failed = await makeWorkRecord(home, undefined, { commit: null });
    expect((await agentd(home, command, failed.id)).stderr).toContain(
      "the session had no clone of a repository",
    );
  });

  it("says why the work was not recorded", async () => {
    const partial = await recordWith(async (work) => {
      await rm(join(work, "changes.patch"));
      await rm(join(work, "commits.bundle"));
      await changeSummary(work, {
        commit_count: null,
        left_out: ["files", "commits"].map((what) => ({ what, why: "it takes too long" })),
        left_out_count: 2,
      });
    });
    const { stderr } = await agentdIn(await checkout(), home, command, partial.id);
    expect(stderr).toContain("2 things of the work could not be recorded");
    expect(stderr).toMatch(/were not recorded: it takes too long \[work_missing\]/);
  });

  it.each(["changes.patch", "summary.json", "commits.bundle"])("refuses a changed %s", async (name) => {
    const altered = await makeWorkRecord(home, session.out);
    const path = join(altered.directory, "work", name);
    await execa("chmod", ["-R", "u+w", altered.directory]);
    await writeFile(path, "changed");
    const directory = await checkout();
    const { exitCode, stderr } = await agentdIn(directory, home, command, altered.id);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`work/${name}: altered [record_altered]`);
  });

  it("refuses a file that was added, and one that is a link", async () => {
    const altered = await makeWorkRecord(home, session.out);
    const work = join(altered.directory, "work");
    await execa("chmod", ["-R", "u+w", altered.directory]);
    await rm(join(work, "commits.bundle"));
    await symlink(session.bundle, join(work, "commits.bundle"));
    await writeFile(join(work, "added"), "");
    const { stderr } = await agentdIn(await checkout(), home, command, altered.id);
    expect(stderr).toContain("work/added: added");
    expect(stderr).toContain("work/commits.bundle: not a regular file");
  });
});

describe("agentd apply", () => {
  it("fetches the commits by their ids, the other refs beside them, and changes nothing else", async () => {
    const directory = await checkout();
    const { stdout, stderr, exitCode } = await agentdIn(directory, home, "apply", record.id);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const branch = `agentd/${record.id}`;
    expect((await git(directory, ["rev-list", `${base}..${branch}`])).split("\n")).toEqual(commits);
    const refs = await git(directory, ["for-each-ref", "--format=%(refname)", "refs/agentd/"]);
    expect(refs.split("\n")).toEqual(
      ["-x", "agentd/0000000000000000", "fix"].map((name) => `refs/agentd/${record.id}/heads/${name}`),
    );
    expect(await git(directory, ["status", "--porcelain", "--branch"])).toBe("## main...origin/main");
    expect(await git(directory, ["rev-parse", "HEAD"])).toBe(base);
    expect(await git(directory, ["branch", "--format=%(refname:short)"])).toBe(`${branch}\nmain`);
    // Not even an object that nothing leads to.
    expect((await execa("git", ["fsck", "--strict"], { cwd: directory })).stdout).toBe("");
    expect(stdout).toContain(`branch ${branch} is at ${commits[0]!.slice(0, 12)}, 2 commits after`);
    expect(stdout).toContain(`git merge ${branch}`);
    expect(stdout).toContain(`for its 5 uncommitted files run  agentd apply --worktree ${record.id}`);
    await git(directory, ["merge", "--quiet", branch]);
  });

  it("brings the rest into the files, uncommitted, on the session's branch", async () => {
    const directory = await checkout();
    await mkdir(join(directory, "sub"));
    const { stdout, exitCode } = await agentdIn(
      join(directory, "sub"),
      home,
      "apply",
      "--worktree",
      record.id,
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`checked out branch agentd/${record.id}`);
    expect(stdout).toContain("your working tree now has its 5 uncommitted files");
    await expectSameFiles(directory);
    expect(await git(directory, ["rev-parse", "HEAD"])).toBe(commits[0]);
    expect((await git(directory, ["status", "--porcelain", "-z"])).split("\0").sort()).toEqual(
      (await session.git("status", "--porcelain", "-z")).split("\0").sort(),
    );
    // Not even an object that nothing leads to.
    expect((await execa("git", ["fsck", "--strict"], { cwd: directory })).stdout).toBe("");
    const again = await agentdIn(directory, home, "apply", "--worktree", record.id);
    expect(again.stdout).toContain("your working tree already has its 5 uncommitted files");
  });

  it("stays on a branch that has the session's commits", async () => {
    const directory = await checkout();
    await agentdIn(directory, home, "apply", record.id);
    await git(directory, ["merge", "--quiet", "--no-ff", "-m", "merged", `agentd/${record.id}`]);
    const { stdout } = await agentdIn(directory, home, "apply", "--worktree", "--json", record.id);
    expect(JSON.parse(stdout)).toMatchObject({
      session_id: record.id,
      base,
      branch: `agentd/${record.id}`,
      head: commits[0],
      commits: 2,
      worktree: { files: 5, switched_to: null, already_there: false },
    });
    expect(await git(directory, ["symbolic-ref", "HEAD"])).toBe("refs/heads/main");
    await expectSameFiles(directory);
  });

  it("changes nothing when a file of the operator is in the way", async () => {
    const directory = await checkout();
    await mkdir(join(directory, "new"));
    await writeFile(join(directory, "new/untracked.txt"), "mine\n");
    const { exitCode, stderr } = await agentdIn(directory, home, "apply", "--worktree", record.id);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("new/untracked.txt: already exists in working directory [checkout_unusable]");
    expect(await git(directory, ["status", "--porcelain", "--branch"])).toBe(
      "## main...origin/main\n?? new/",
    );
    expect(await readFile(join(directory, "new/untracked.txt"), "utf8")).toBe("mine\n");
  });

  it("works in a detached, a linked and a shallow checkout", async () => {
    const detached = await checkout();
    await git(detached, ["checkout", "--quiet", "--detach"]);
    expect(await agentdIn(detached, home, "apply", "--worktree", record.id)).toMatchObject({ exitCode: 0 });
    const linked = join(home, "linked");
    await git(await checkout(), ["worktree", "add", "--quiet", "--detach", linked]);
    expect(await agentdIn(linked, home, "apply", "--worktree", record.id)).toMatchObject({ exitCode: 0 });
    await expectSameFiles(linked);
    const shallow = join(home, "shallow");
    await git(home, ["clone", "--quiet", "--depth=1", `file://${session.origin}`, shallow]);
    expect(await agentdIn(shallow, home, "apply", "--worktree", record.id)).toMatchObject({ exitCode: 0 });
  });

  it("is a no-op the second time, and refuses to move a branch without --force", async () => {
    const directory = await checkout();
    const branch = `agentd/${record.id}`;
    await agentdIn(directory, home, "apply", record.id);
    expect(await agentdIn(directory, home, "apply", record.id)).toMatchObject({ exitCode: 0 });
    await git(directory, ["branch", "--quiet", "--force", branch, base]);
    const refused = await agentdIn(directory, home, "apply", record.id);
    expect(refused.stderr).toContain(`the branch ${branch} exists and is at ${base}`);
    expect(await git(directory, ["rev-parse", branch])).toBe(base);
    expect(await agentdIn(directory, home, "apply", "--force", record.id)).toMatchObject({ exitCode: 0 });
    expect(await git(directory, ["rev-parse", branch])).toBe(commits[0]);
  });

  it("names what is missing", async () => {
    const other = join(home, "other");
    await git(home, ["init", "--quiet", other]);
    const { stderr, exitCode } = await agentdIn(other, home, "apply", record.id);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      `lacks the commit ${base} that the session's work is based on [checkout_unusable]`,
    );
    expect(stderr).toContain("git fetch https://git.example/site.git");
    expect(await git(other, ["for-each-ref"])).toBe("");
  });

  it("refuses to work outside of a checkout, in a bare repository, and over staged changes", async () => {
    expect((await agentd(home, "apply", record.id)).stderr).toContain("[checkout_unusable]");
    expect((await agentdIn(session.origin, home, "apply", record.id)).stderr).toContain(
      "is bare and has no files",
    );
    const directory = await checkout();
    await writeFile(join(directory, "staged"), "");
    await git(directory, ["add", "staged"]);
    expect((await agentdIn(directory, home, "apply", record.id)).stderr).toContain("changes are staged");
    expect(await git(directory, ["branch", "--format=%(refname:short)"])).toBe("main");
  });

  it("brings an uncommitted rest without commits into the branch of the operator", async () => {
    const work = await SessionWork.make();
    try {
      await work.begin();
      await work.write({ "README.md": "# Other\n" });
      await work.export();
      const rest = await makeWorkRecord(home, work.out);
      const directory = join(home, "rest");
      await git(home, ["clone", "--quiet", work.origin, directory]);
      const { stdout } = await agentdIn(directory, home, "apply", rest.id);
      expect(stdout).toBe(
        `session ${rest.id} has no commits on its HEAD\nfor its 1 uncommitted file run  agentd apply --worktree ${rest.id}\n`,
      );
      await agentdIn(directory, home, "apply", "--worktree", rest.id);
      expect(await git(directory, ["status", "--porcelain", "--branch"])).toBe(
        "## main...origin/main\n M README.md",
      );
    } finally {
      await work.remove();
    }
  });

  it("writes nothing into the directory of git, whatever the patch names", async () => {
    const outside = await recordWith(async (work) => {
      const patch = [
        "diff --git a/.git/hooks/post-checkout b/.git/hooks/post-checkout",
        "new file mode 100755",
        "--- /dev/null",
        "+++ b/.git/hooks/post-checkout",
        "@@ -0,0 +1 @@",
        "+touch canary",
        "",
      ];
      await writeFile(join(work, "changes.patch"), patch.join("\n"));
    });
    const directory = await checkout();
    const { exitCode, stderr } = await agentdIn(directory, home, "apply", "--worktree", outside.id);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("invalid path '.git/hooks/post-checkout'");
    await expect(readFile(join(directory, ".git/hooks/post-checkout"))).rejects.toThrow("ENOENT");
  });
});

describe("agentd cp", () => {
  let other: OpenRecord;

  beforeAll(async () => {
    other = await makeOpenRecord(home);
    const { runaDirectory: runa } = other;
    await mkdir(join(runa, "deep"));
    await writeFile(join(runa, "deep/tool"), "tool\n", { mode: 0o4700 });
    await writeFile(join(runa, "deep/text"), "text\x1b]0;title\x07\n", { mode: 0o400 });
    await writeFile(Buffer.concat([Buffer.from(`${runa}/`), ODD]), "odd\n");
    await symlink("/etc/passwd", join(runa, "link"));
    await symlink("/etc", join(runa, "etc"));
    await execa("mkfifo", [join(runa, "fifo")]);
  });

  async function place(): Promise<string> {
    return await mkdtemp(join(home, "copies-"));
  }

  it("copies a tree with usable modes, without links and special files", async () => {
    const directory = await place();
    const { exitCode, stderr } = await agentdIn(directory, home, "cp", `${other.id}:runa`, "results");
    expect(exitCode).toBe(0);
    expect(stderr).toBe("agentd: 3 files copied to results; 3 left out: links and special files\n");
    const { stdout } = await execa("find", ["results", "-printf", "%M %p\\n"], { cwd: directory });
    expect(stdout.split("\n").filter((line) => !line.includes("sr"))).toEqual(
      expect.arrayContaining([
        "drwxr-xr-x results",
        "drwxr-xr-x results/deep",
        "-rwxr-xr-x results/deep/tool",
        "-rw-r--r-- results/deep/text",
      ]),
    );
    expect(await readFile(Buffer.concat([Buffer.from(`${directory}/results/`), ODD]), "utf8")).toBe("odd\n");
  });

  it("copies into a directory that exists, or what is in a directory", async () => {
    const directory = await place();
    await agentdIn(directory, home, "cp", `${record.id}:work`, ".");
    expect(await readFile(join(directory, "work/changes.patch"))).toEqual(await readFile(session.patch));
    await agentdIn(directory, home, "cp", `${other.id}:runa/deep/.`, ".");
    expect(await readFile(join(directory, "tool"), "utf8")).toBe("tool\n");
    await agentdIn(directory, home, "cp", `${other.id}:runa/deep/tool`, "other-name");
    expect(await readFile(join(directory, "other-name"), "utf8")).toBe("tool\n");
    await agentdIn(directory, home, "cp", `${record.id}:`, ".");
    expect(await readFile(join(directory, record.id, "SHA256SUMS"), "utf8")).toContain("work/changes.patch");
    expect((await agentdIn(directory, home, "cp", "--latest", "runa/deep", "latest")).exitCode).toBe(0);
  });

  it("replaces nothing without --force, and no link is followed with it", async () => {
    const directory = await place();
    await writeFile(join(directory, "target"), "mine\n");
    await symlink("target", join(directory, "tool"));
    const refused = await agentdIn(directory, home, "cp", `${other.id}:runa/deep/tool`, ".");
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toContain("./tool: it exists already; --force replaces it [copy_failed]");
    await agentdIn(directory, home, "cp", "--force", `${other.id}:runa/deep/tool`, ".");
    expect(await readFile(join(directory, "target"), "utf8")).toBe("mine\n");
    expect(await readFile(join(directory, "tool"), "utf8")).toBe("tool\n");
    await mkdir(join(directory, "deep"));
    expect((await agentdIn(directory, home, "cp", `${other.id}:runa/deep`, ".")).stderr).toContain(
      "./deep: it exists",
    );
    expect((await agentdIn(directory, home, "cp", "-f", `${other.id}:runa/deep`, ".")).exitCode).toBe(0);
  });

  it("prints a file byte for byte into a pipe, and only text on a terminal", async () => {
    const { stdout } = await agentd(home, "cp", `${other.id}:runa/deep/text`, "-");
    expect(stdout).toBe("text\x1b]0;title\x07\n");
    const terminal = await agentdOnTerminal(home, "cp", `${other.id}:runa/deep/text`, "-");
    expect(terminal.stdout).toBe("text\r\n");
    expect((await agentd(home, "cp", `${other.id}:runa`, "-")).stderr).toContain("not a regular file");
  });

  it.each([
    ["no session", "work", 2, "it has no colon"],
    ["an empty session", ":work", 2, "it names no session"],
    ["a path upwards", "ID:runa/../../x", 2, "has `..` in it"],
    ["an absolute path", "ID:/etc/passwd", 2, "the path is absolute"],
    ["nothing there", "ID:work", 1, "there is no work in the record"],
    ["a link", "ID:runa/link", 1, "it is a link or special file"],
    ["a path through a link", "ID:runa/etc/passwd", 1, "runa/etc is a symbolic link, not a directory"],
    ["a special file", "ID:runa/fifo", 1, "it is a link or special file"],
  ])("refuses %s", async (_what, source, exitCode, said) => {
    const answer = await agentdIn(await place(), home, "cp", source.replace("ID", other.id), "x");
    expect(answer.exitCode).toBe(exitCode);
    expect(answer.stderr).toContain(said);
  });

  it("finds a name that is not UTF-8 as it is shown", async () => {
    const { stdout } = await agentd(home, "cp", `${other.id}:runa/sr\\xe4"\\x0a.txt`, "-");
    expect(stdout).toBe("odd\n");
  });

  it("says when there is no place for the copy", async () => {
    const { stderr } = await agentdIn(await place(), home, "cp", `${other.id}:runa`, "no/where");
    expect(stderr).toContain("there is no directory no [copy_failed]");
  });
});

function environment(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: home };
}

async function changeSummary(work: string, changes: Record<string, unknown>): Promise<void> {
  const path = join(work, "summary.json");
  const summary = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...summary, ...changes }));
}

/** Whether a checkout has the files that the session had at its end. */
async function expectSameFiles(directory: string): Promise<void> {
  await execa("diff", ["-r", "--exclude=.git", "--exclude=.runa", "--exclude=sub", session.repo, directory]);
}
