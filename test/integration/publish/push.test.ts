import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { isThere } from "../../../src/if-there.ts";
import { makeFingerprints } from "../../../src/redaction/make-fingerprints.ts";
import { namesIn } from "../../../src/redaction/redact-text.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { makeCertificate } from "../../kit/certificates.mjs";
import { type GitServer, startGitServer } from "../../kit/git-server.mjs";
import { git } from "../../kit/repositories.mjs";
import { startSshServer } from "../../kit/ssh-server.mjs";
import { until } from "../../kit/until.mjs";
import { SessionWork } from "../work/session-work.ts";
import { type Attempt, publish } from "./publishing.ts";

const TOKEN = "publish-token-5c1e";
const BRANCH = "agentd/builder/issue-42";

let work: SessionWork;
let base: string;

beforeEach(async () => {
  work = await SessionWork.make();
  base = await work.begin({ "README.md": "# Demo\n", ".github/workflows/ci.yml": "on: push\n" });
});
afterEach(() => work.remove());

type Options = NonNullable<Parameters<typeof startGitServer>[1]>;

/** A server for the repository that the session was a clone of. */
async function serve(options: Options = {}): Promise<GitServer> {
  const server = await startGitServer(work.root, { takesPushes: true, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** With https and a token. */
async function serveSafely(
  options: Options = {},
): Promise<{ url: string; attempt: Attempt; server: GitServer }> {
  const { certificate, authorityFile } = await makeCertificate(work.root);
  const server = await serve({ certificate, token: TOKEN, ...options });
  const url = `${server.url}/demo.git`;
  return { url, server, attempt: { url, token: TOKEN, environment: { GIT_SSL_CAINFO: authorityFile } } };
}

async function onServer(branch = BRANCH): Promise<string> {
  return await git(work.origin, ["for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`]);
}

function pushesTo({ requests }: GitServer): number {
  return requests.filter((each) => /^POST .*git-receive-pack$/.test(each)).length;
}

function isPush({ method, url = "" }: { method?: string | undefined; url?: string | undefined }): boolean {
  return method === "POST" && url.endsWith("/git-receive-pack");
}

/** A hook of the server. */
async function hook(name: string, script: string): Promise<void> {
  const path = join(work.origin, "hooks", name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/** What another clone of an operator's pushes. */
async function pushBySomebody(branch: string, from: string): Promise<string> {
  const clone = await mkdtemp(join(tmpdir(), "agentd-somebody-"));
  try {
    await git(clone, ["clone", "--quiet", work.origin, "."]);
    await git(clone, ["checkout", "--quiet", "-B", "theirs", from]);
    await git(clone, ["commit", "--quiet", "--allow-empty", "--message", "Theirs"]);
    await git(clone, ["push", "--quiet", "origin", `theirs:refs/heads/${branch}`]);
    return await git(clone, ["rev-parse", "HEAD"]);
  } finally {
    await removeTree(clone);
  }
}

describe("a push over https with a token", () => {
  it("makes a new branch, and is not repeated", async () => {
    const commit = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { url, attempt, server } = await serveSafely();
    const published = { kind: "published", branch: BRANCH, commit, url, requestUrl: null };
    expect(await publish(work, attempt)).toMatchObject(published);
    expect(await onServer()).toBe(commit);
    const before = pushesTo(server);
    const steps: string[] = [];
    expect(await publish(work, { ...attempt, onStep: (step) => steps.push(step) })).toMatchObject(published);
    expect(before).toBe(1);
    expect(pushesTo(server)).toBe(before);
    expect(steps).toEqual(["pushed"]);
  });

  it("moves a branch forward", async () => {
    await git(work.origin, ["update-ref", `refs/heads/${BRANCH}`, base]);
    const commit = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await publish(work, attempt);
    expect(await onServer()).toBe(commit);
  });

  it("has what is uncommitted as its last commit, the same one each time", async () => {
    const head = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.write({ "more.txt": "more\n" });
    await work.export();
    const { attempt } = await serveSafely();
    const result = await publish(work, attempt);
    const commit = await onServer();
    expect(result).toMatchObject({ commit });
    expect(await git(work.origin, ["show", "--no-patch", "--format=%P %an <%ae> %aI %s", commit])).toBe(
      `${head} builder <builder@host.agentd.invalid> 2026-11-28T02:10:00+00:00 Uncommitted changes`,
    );
    expect(await git(work.origin, ["show", `${commit}:more.txt`])).toBe("more");
    await work.export();
    expect(await publish(work, attempt)).toMatchObject({ commit });
  });

  it("leaves out what is uncommitted where the profile says so", async () => {
    const commit = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.write({ "more.txt": "more\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await publish(work, { ...attempt, settings: { commitRest: false } });
    expect(await onServer()).toBe(commit);
  });

  it.each([
    ["diverged", async () => pushBySomebody(BRANCH, base)],
    [
      "was known and diverged",
      async () => {
        const theirs = await pushBySomebody(BRANCH, base);
        await work.git("fetch", "--quiet", "origin");
        return theirs;
      },
    ],
  ])("never forces a branch that %s", async (_what, diverge) => {
    const commit = await work.commit("Fix", { "fix.txt": "x\n" });
    const theirs = await diverge();
    await work.export();
    const { attempt } = await serveSafely();
    await expect(publish(work, attempt)).rejects.toMatchObject({
      code: "publish_refused",
      why: "the branch has other commits on the server, and agentd never forces",
    });
    expect(await onServer()).toBe(theirs);
    expect(commit).not.toBe(theirs);
  });

  it("says what a server says that protects the branch", async () => {
    await hook("pre-receive", 'echo "agentd/* is protected: ask the maintainers" >&2; exit 1');
    await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await expect(publish(work, attempt)).rejects.toMatchObject({
      code: "publish_refused",
      why: "the server refuses it: pre-receive hook declined; the server says: agentd/* is protected: ask the maintainers",
    });
    expect(await onServer()).toBe("");
  });

  it("says whose token has expired", async () => {
    await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { attempt } = await serveSafely();
    const failure = await publish(work, { ...attempt, token: "expired-7d2f" }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      code: "publish_failed",
      why: expect.stringContaining("does not accept the token that PUBLISH_TOKEN holds (HTTP 401)"),
      next: expect.stringContaining("agentd reload"),
    });
    expect(JSON.stringify([failure, String(failure)])).not.toContain("expired-7d2f");
  });

  it("says when the token expires between asking and pushing", async () => {
    await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    let valid = TOKEN;
    const { attempt } = await serveSafely({ token: () => valid });
    const expire = (): void => {
      valid = "another";
    };
    await expect(publish(work, { ...attempt, onStep: expire })).rejects.toMatchObject({
      code: "publish_failed",
      why: expect.stringContaining("PUBLISH_TOKEN"),
    });
    expect(await onServer()).toBe("");
  });

  it("says when the server is away", async () => {
    await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { attempt, server } = await serveSafely();
    await server.close();
    await expect(publish(work, attempt)).rejects.toMatchObject({
      code: "publish_failed",
      why: "nothing answers at that host and port",
    });
  });

  it("leaves no branch when it is cut in the middle, and works afterwards", async () => {
    // More than a connection holds on its way.
    const commit = await work.commit("Fix", { "big.bin": randomBytes(16_000_000).toString("latin1") });
    await work.export();
    let cuts = true;
    const { attempt, server } = await serveSafely({
      beforeAnswer: (request) => {
        if (cuts && isPush(request)) request.socket.destroy();
      },
    });
    await expect(publish(work, attempt)).rejects.toMatchObject({ code: "publish_failed" });
    expect(pushesTo(server)).toBeGreaterThan(0);
    expect(await onServer()).toBe("");
    cuts = false;
    await publish(work, attempt);
    expect(await onServer()).toBe(commit);
  });

  it("finds the branch when only the answer was lost", async () => {
    const commit = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const mark = join(work.root, "received");
    // The branch is set, and the client still waits.
    await hook("post-receive", `touch ${mark} && sleep 60`);
    const { attempt, server } = await serveSafely({
      beforeAnswer: (request) => {
        if (!isPush(request)) return;
        void until("the hook", () => isThere(mark)).then(() => request.socket.destroy());
      },
    });
    await expect(publish(work, attempt)).rejects.toMatchObject({ code: "publish_failed" });
    expect(await onServer()).toBe(commit);
    const pushes = pushesTo(server);
    expect(await publish(work, attempt)).toMatchObject({ commit });
    expect(pushesTo(server)).toBe(pushes);
  });

  it("does not push again what was pushed and has been removed since", async () => {
    const commit = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await publish(work, { ...attempt, pushed: { branch: BRANCH, commit } });
    expect(await onServer()).toBe("");
  });

  it.each(["GET", "POST"])("never sends the token to where a %s redirects", async (method) => {
    await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { certificate } = await makeCertificate(await mkdtemp(join(work.root, "other-")));
    const other = await serve({ certificate });
    const { attempt } = await serveSafely({
      answerInstead: ({ method: asked, url = "" }) =>
        asked === method && url.includes("git-receive-pack")
          ? { status: 307, location: `${other.url}${url}` }
          : undefined,
    });
    await expect(publish(work, attempt)).rejects.toMatchObject({ code: "publish_failed" });
    expect(other.requests).toEqual([]);
    expect(other.authorizations).toEqual([]);
  });

  it("leaves nothing of the token on the disk", async () => {
    await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await publish(work, attempt);
    expect(await readdir(work.scratch)).not.toContain("publish");
  });

  it("takes over from a dead daemon that left its pipe", async () => {
    const commit = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await writeFile(join(work.scratch, "publish"), "left");
    await publish(work, attempt);
    expect(await onServer()).toBe(commit);
  });
});

describe("a push over ssh", () => {
  it("makes a branch and moves it forward, with the keys of the daemon's user", async () => {
    const directory = await mkdtemp(join(tmpdir(), "agentd-ssh-"));
    onTestFinished(() => removeTree(directory));
    const ssh = await startSshServer(directory);
    onTestFinished(() => ssh.close());
    const attempt = { url: `${ssh.url}${work.origin}`, environment: ssh.variables };
    const first = await work.commit("Fix", { "fix.txt": "x\n" });
    await work.export();
    await publish(work, attempt);
    expect(await onServer()).toBe(first);
    const second = await work.commit("More", { "more.txt": "x\n" });
    await work.export();
    await publish(work, attempt);
    expect(await onServer()).toBe(second);
    await hook("pre-receive", 'echo "closed" >&2; exit 1');
    await work.commit("Third", { "third.txt": "x\n" });
    await work.export();
    await expect(publish(work, attempt)).rejects.toMatchObject({
      code: "publish_refused",
      why: expect.stringContaining("the server says: closed"),
    });
    expect(await onServer()).toBe(second);
  });
});

describe("nothing to publish", () => {
  it.each([
    ["nothing was changed", async () => undefined, "the session left no new commit and no change"],
    [
      "a commit is on another branch",
      async () => {
        await work.git("switch", "--quiet", "--create", "aside");
        await work.commit("Aside", { "aside.txt": "x\n" });
        await work.git("switch", "--quiet", "main");
      },
      "HEAD has no new commit; other branches have (refs/heads/aside)",
    ],
  ])("is no failure and asks no server: %s", async (_what, act, why) => {
    await act();
    await work.export();
    const { attempt, server } = await serveSafely();
    expect(await publish(work, attempt)).toEqual({ kind: "nothing", why });
    expect(server.requests).toEqual([]);
  });
});

describe("changes to what a forge runs with its own secrets", () => {
  async function refused(settings: Attempt["settings"] = {}): Promise<unknown> {
    await work.export();
    const { attempt } = await serveSafely();
    const failure = await publish(work, { ...attempt, settings }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "publish_refused", why: expect.stringContaining("own secrets") });
    expect(await onServer()).toBe("");
    // The same with leave, so that nothing else stood in the way.
    await publish(work, { ...attempt, settings: { ...settings, allowCi: true } });
    expect(await onServer()).not.toBe("");
    return (failure as { details: { paths: unknown } }).details.paths;
  }

  it("are refused: a changed file", async () => {
    await work.commit("CI", { ".github/workflows/ci.yml": "on: [push, pull_request]\n" });
    expect(await refused()).toEqual([".github/workflows/ci.yml"]);
  });

  it.each([
    ".github/x",
    ".gitea/workflows/x.yml",
    ".forgejo/x",
    ".gitlab-ci.yml",
    ".GitHub/workflows/x.yml",
    ".GITLAB-CI.yml",
  ])("are refused: a new file %s", async (path) => {
    await work.commit("CI", { [path]: "x\n" });
    expect(await refused()).toEqual([path]);
  });

  it("are refused: uncommitted ones", async () => {
    await work.write({ ".gitlab-ci.yml": "x\n" });
    expect(await refused()).toEqual([".gitlab-ci.yml"]);
  });

  it("are refused: a rename, both ways", async () => {
    await work.git("mv", ".github/workflows/ci.yml", "away.yml");
    await work.commit("Away");
    expect(await refused()).toEqual([".github/workflows/ci.yml"]);
  });

  it("are refused: a rename into place", async () => {
    await work.git("mv", "README.md", ".gitlab-ci.yml");
    await work.commit("In");
    expect(await refused()).toEqual([".gitlab-ci.yml"]);
  });

  it("are refused: what a later commit takes back", async () => {
    await work.commit("In", { ".gitlab-ci.yml": "x\n" });
    await work.git("rm", "--quiet", ".gitlab-ci.yml");
    await work.write({ "other.txt": "x\n" });
    await work.commit("Out");
    expect(await refused()).toEqual([".gitlab-ci.yml"]);
  });

  it("are refused: on the side of a merge", async () => {
    await work.git("switch", "--quiet", "--create", "side");
    await work.commit("Side", { ".forgejo/x.yml": "x\n" });
    await work.git("switch", "--quiet", "main");
    await work.commit("Main", { "main.txt": "x\n" });
    await work.git("merge", "--quiet", "--no-edit", "side");
    expect(await refused()).toEqual([".forgejo/x.yml"]);
  });

  it("are refused: a link in place of the directory", async () => {
    await work.git("rm", "-r", "--quiet", ".github");
    await work.write({ "mine/workflows/ci.yml": "x\n", ".github": { linkTo: "mine" } });
    await work.commit("Link");
    expect(await refused()).toEqual([".github", ".github/workflows/ci.yml"]);
  });

  it("are refused: a submodule in place of the directory", async () => {
    await work.git("rm", "-r", "--quiet", ".github");
    await work.git("update-index", "--add", "--cacheinfo", `160000,${base},.github`);
    await work.git("commit", "--quiet", "--message", "Submodule");
    const [first] = (await refused({ commitRest: false })) as string[];
    expect(first).toBe(".github");
  });

  it("are refused: globs of the profile, in any case, and a link or directory in their place", async () => {
    await work.commit("Deploy", { "Deploy/prod/run.sh": "x\n" });
    expect(await refused({ protect: ["deploy/**"] })).toEqual(["Deploy/prod/run.sh"]);
  });

  it("are refused: a link on the way to a glob", async () => {
    await work.write({ "evil/prod/run.sh": "x\n", deploy: { linkTo: "evil" } });
    await work.commit("Link");
    expect(await refused({ protect: ["deploy/prod/*.sh"] })).toEqual(["deploy"]);
  });

  it("do not stop what is beside a protected path", async () => {
    const commit = await work.commit("Beside", {
      "deploy/notes.md": "x\n",
      "github/x": "x\n",
      "a/.github/x": "x\n",
    });
    await work.export();
    const { attempt } = await serveSafely();
    await publish(work, { ...attempt, settings: { protect: ["deploy/prod/**"] } });
    expect(await onServer()).toBe(commit);
  });
});

describe("values of the session's credentials", () => {
  const prints = makeFingerprints([["TOKEN", "tok-0123456789abcdef"]]);
  const findValues = (content: AsyncIterable<Buffer>): Promise<readonly string[]> => namesIn(content, prints);

  async function refusal(): Promise<unknown> {
    await work.export();
    const { attempt } = await serveSafely();
    const failure = await publish(work, { ...attempt, findValues }).catch((error: unknown) => error);
    expect(await onServer()).toBe("");
    return failure;
  }
  const refused = { code: "publish_refused", why: expect.stringContaining("credential: TOKEN") };

  it("are refused in a file, also where a later commit has removed it", async () => {
    await work.commit("Token", { "settings.ini": "token = tok-0123456789abcdef\n" });
    await work.commit("No token", { "settings.ini": "token =\n" });
    expect(await refusal()).toMatchObject(refused);
  });

  it("are refused in base64 in uncommitted changes", async () => {
    await work.commit("Something", { "a.txt": "a\n" });
    await work.write({ "auth.json": Buffer.from('{"token":"tok-0123456789abcdef"}').toString("base64") });
    expect(await refusal()).toMatchObject(refused);
  });

  it("are refused in the message of a commit", async () => {
    await work.commit("Use tok-0123456789abcdef", { "a.txt": "a\n" });
    expect(await refusal()).toMatchObject(refused);
  });

  it("are refused in the name of a file", async () => {
    await work.commit("Name", { "tok-0123456789abcdef.txt": "a\n" });
    expect(await refusal()).toMatchObject(refused);
  });

  it("that nobody can look for stop it", async () => {
    await work.commit("Something", { "a.txt": "a\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await expect(publish(work, { ...attempt, findValues: "unknown" })).rejects.toMatchObject({
      code: "publish_refused",
      why: expect.stringContaining("cannot look for the values"),
    });
  });

  it("that are not there stop nothing", async () => {
    const commit = await work.commit("Something", { "a.txt": "a tok-0123456789abcde\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await publish(work, { ...attempt, findValues });
    expect(await onServer()).toBe(commit);
  });
});

describe("what a protected link of the repository leads to", () => {
  it.each([
    ["a link", { ".gitlab-ci.yml": { linkTo: "ci/main.yml" }, "ci/main.yml": "x\n" }, "ci/main.yml"],
    [
      "a link through a linked directory",
      { ".gitlab-ci.yml": { linkTo: "ci/main.yml" }, ci: { linkTo: "real" }, "real/main.yml": "x\n" },
      "real/main.yml",
    ],
    [
      "a linked directory",
      { ".gitea": { linkTo: "./ci/" }, "ci/workflows/x.yml": "x\n" },
      "ci/workflows/x.yml",
    ],
  ])("is protected, too: %s", async (_what, files, path) => {
    await work.remove();
    work = await SessionWork.make();
    base = await work.begin(files);
    await work.commit("Change", { [path]: "changed\n" });
    await work.export();
    const { attempt } = await serveSafely();
    await expect(publish(work, attempt)).rejects.toMatchObject({ details: { paths: [path] } });
  });
});
