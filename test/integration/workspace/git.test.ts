import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGit, DeadlineExceeded, GitFailure, type GitRun } from "../../../src/workspace/git.ts";

let root: string;
let run: GitRun;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-git-"));
  run = { directory: root, protocols: ["https"], signal: new AbortController().signal, deadlineMs: 60_000 };
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const PATH = process.env["PATH"] ?? "";

/** Puts a program of the test's own in git's place; gives the PATH to find it. */
async function inPlaceOfGit(script: string): Promise<string> {
  return await inPlaceOf("git", script);
}

async function inPlaceOf(program: string, script: string): Promise<string> {
  const directory = join(root, "bin");
  await mkdir(directory);
  await writeFile(join(directory, program), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, program), 0o755);
  return `${directory}:${PATH}`;
}

describe("git", () => {
  it("gets the variables it needs and none of the daemon's secrets", async () => {
    const passedOn = {
      PATH: await inPlaceOfGit("env -0"),
      GIT_SSL_CAINFO: "/ca.pem",
      SSL_CERT_FILE: "/ca2.pem",
      SSH_AUTH_SOCK: "/agent.sock",
      https_proxy: "http://proxy",
      NO_PROXY: "localhost",
    };
    const withheld = {
      TOKEN: "hunter2",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.pager",
      GIT_ASKPASS: "/askpass",
      GIT_DIR: "/elsewhere",
      GIT_TRACE: "1",
      LD_PRELOAD: "/x.so",
      XDG_CONFIG_HOME: "/config",
      NOTIFY_SOCKET: "/notify",
    };
    const output = await createGit({ ...passedOn, ...withheld, HOME: "/home/ada" })([], run);
    const seen = Object.fromEntries(
      output
        .split("\0")
        .filter(Boolean)
        .map((entry) => [entry.split("=")[0], entry.split("=").slice(1).join("=")]),
    );
    // The shell that stands in for git adds it.
    const { PWD, ...environment } = seen;
    expect(environment).toEqual({
      ...passedOn,
      HOME: "/nonexistent",
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_ATTR_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=30",
      GIT_ALLOW_PROTOCOL: "https",
      GIT_DEFAULT_REF_FORMAT: "files",
    });
  });

  it("uses only the protocols that the caller names", async () => {
    const git = createGit({ PATH });
    await git(["init", "--quiet", "--bare", join(root, "x.git")], run);
    const url = `file://${root}/x.git`;
    await expect(git(["ls-remote", "--", url], { ...run, protocols: ["file"] })).resolves.toBe("");
    for (const protocols of [[], ["https", "ssh"]]) {
      await expect(git(["ls-remote", "--", url], { ...run, protocols })).rejects.toThrow(
        "transport 'file' not allowed",
      );
    }
  });

  it("fails with what it said, in English", async () => {
    const failure = await createGit({ PATH, LANG: "de_DE.UTF-8", LANGUAGE: "de" })(["log"], run).catch(
      (e: unknown) => e,
    );
    expect(failure).toBeInstanceOf(GitFailure);
    expect((failure as GitFailure).output).toContain("fatal: not a git repository");
  });

  it.each([
    ["is killed", "kill -KILL $$"],
    ["fails without a word", "exit 3"],
  ])("fails when it %s", async (_, script) => {
    const git = createGit({ PATH: await inPlaceOfGit(script) });
    const failed = git([], run);
    await expect(failed).rejects.toBeInstanceOf(GitFailure);
    await expect(failed).rejects.toThrow(/git failed: \S/);
  });

  it("fails with a hint where it is not installed", async () => {
    await mkdir(join(root, "empty"));
    await expect(createGit({ PATH: join(root, "empty") })([], run)).rejects.toThrow(/ENOENT/);
  });

  it("has said all when it has ended, also where a process that outlives it could say more", async () => {
    const git = createGit({ PATH: await inPlaceOfGit("echo all; sleep 5 &") });
    expect(await git([], run)).toBe("all\n");
  });

  it("that says too much fails", async () => {
    const git = createGit({ PATH: await inPlaceOfGit("exec head -c 200000000 /dev/zero") });
    await expect(git([], run)).rejects.toThrow("git wrote more than 104857600 bytes");
  });

  describe("with a helper that it has started", () => {
    const WITH_HELPER = "sh -c 'echo $$ > helper; exec sleep 1000'; exit 1";

    async function helper(): Promise<string> {
      return await readFile(join(root, "helper"), "utf8").catch(() => "");
    }

    async function expectHelperGone(): Promise<void> {
      const id = Number(await helper());
      expect(id).toBeGreaterThan(1);
      await expect.poll(() => isAlive(id), { timeout: 30_000 }).toBe(false);
    }

    it("is ended at its deadline, and so is the helper", async () => {
      const git = createGit({ PATH: await inPlaceOfGit(WITH_HELPER) });
      // Long enough for the helper to start on a busy machine.
      await expect(git([], { ...run, deadlineMs: 5000 })).rejects.toEqual(new DeadlineExceeded(5000));
      await expectHelperGone();
    });

    it.each([
      ["", () => inPlaceOfGit(WITH_HELPER)],
      // As `timeout` does while it forks.
      [", also where the signal is not passed on", () => inPlaceOf("timeout", `${WITH_HELPER} & wait`)],
    ])("is ended by its signal, and so is the helper%s", async (_, path) => {
      const controller = new AbortController();
      const git = createGit({ PATH: await path() });
      const running = git([], { ...run, signal: controller.signal });
      running.catch(() => undefined); // Awaited below, once the helper runs.
      await expect.poll(helper, { timeout: 30_000 }).toMatch(/^\d+\n/);
      controller.abort(new Error("stopped"));
      await expect(running).rejects.toThrow("stopped");
      await expectHelperGone();
    });
  });
});

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false; // No such process.
  }
}
