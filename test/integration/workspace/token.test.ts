import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentdError } from "../../../src/errors.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { type Clone, cloneInto } from "../../../src/workspace/clone.ts";
import { deliverClone } from "../../../src/workspace/deliver-clone.ts";
import { createGit } from "../../../src/workspace/git.ts";
import { Mirrors } from "../../../src/workspace/mirrors.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { type Certificate, makeCertificate } from "../../kit/certificates.mjs";
import { startGitServer } from "../../kit/git-server.mjs";
import { processesWith } from "../../kit/processes.mjs";
import { commit, makeRepository } from "../../kit/repositories.mjs";
import { allProcesses, formsIn, makeSecret, writings } from "../../kit/secrets.mjs";
import { until } from "../../kit/until.mjs";

type GitServer = Awaited<ReturnType<typeof startGitServer>>;

let root: string;
let secret: string;
let head: string;
let certificate: Certificate;
let authorityFile: string;
let mirrors: Mirrors;
let sessions: number;
let closers: (() => Promise<void>)[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-token-"));
  secret = makeSecret();
  head = await makeRepository(join(root, "demo.git"));
  ({ certificate, authorityFile } = await makeCertificate(root));
  mirrors = new Mirrors(join(root, "cache/repos"));
  sessions = 0;
  closers = [];
});
afterEach(async () => {
  for (const close of closers) await close();
  await removeTree(root);
});

async function startServer(options: Parameters<typeof startGitServer>[1] = {}): Promise<GitServer> {
  const server = await startGitServer(root, { certificate, token: secret, ...options });
  closers.push(server.close);
  return server;
}

async function clone(url: string, token: string | undefined): Promise<Clone & { repo: string }> {
  sessions += 1;
  const staging = await Staging.create(join(root, "cache/staging"), String(sessions), "0123abcd");
  const git = createGit({ PATH: process.env["PATH"], GIT_SSL_CAINFO: authorityFile });
  const { signal } = new AbortController();
  const cloned = await cloneInto(staging, { url, ref: null, token }, { git, mirrors, signal });
  await deliverClone(staging, { selinux: false, signal });
  return { ...cloned, repo: staging.repoDirectory };
}

/** Everything that an error tells anybody. */
function told(error: unknown): string {
  const { message, next, details, cause, stack } = error as AgentdError;
  const causes = cause instanceof Error ? [cause.message, cause.stack, JSON.stringify(cause)] : [];
  return JSON.stringify([message, next, details, stack, ...causes]);
}

describe("a private repository", () => {
  it("is cloned with its token, over https with an authority of the operator's own", async () => {
    const server = await startServer();
    const url = `${server.url}/demo.git`;
    expect(await clone(url, secret)).toMatchObject({ commit: head, warnings: [] });
    expect(await clone(url, secret)).toMatchObject({ commit: head, warnings: [] });
    expect(server.packsServed()).toBe(1);
  });

  it("is not read from the cache by who has no token or a wrong one", async () => {
    const url = `${(await startServer()).url}/demo.git`;
    await clone(url, secret);
    const refusals = [
      [undefined, "the server requires authentication (HTTP 401 Unauthorized)", "Set repo_token_source"],
      ["x-another-token", "the server does not accept the token (HTTP 401 Unauthorized)", "Check the token"],
    ] as const;
    for (const [token, why, next] of refusals) {
      await expect(clone(url, token)).rejects.toMatchObject({
        code: "clone_failed",
        message: expect.stringContaining(`cannot clone ${url}: ${why}`),
        next: expect.stringContaining(next),
      });
      expect(await readdir(join(root, "cache/staging", String(sessions), "repo"))).toEqual([".runa"]);
    }
  });

  it("is there for who has the token though others without it are refused at the same time", async () => {
    const url = `${(await startServer()).url}/demo.git`;
    const results = await Promise.allSettled(
      [undefined, secret, undefined, secret].map((token) => clone(url, token)),
    );
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
  });
});

describe("a token", () => {
  it.each([
    "http://git.example.org/x.git",
    "git://git.example.org/x.git",
    "ssh://git@git.example.org/x.git",
    "/x.git",
  ])("needs https: %s", async (url) => {
    const refused = await clone(url, secret).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "token_needs_https", next: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(formsIn(told(refused), secret)).toEqual([]);
  });

  it("is not sent to a server that does not ask for it", async () => {
    const server = await startServer({ token: undefined });
    expect(await clone(`${server.url}/demo.git`, secret)).toMatchObject({ commit: head });
    expect(server.authorizations).toEqual([]);
  });

  it("does not follow a redirect to another server", async () => {
    const elsewhere = await startServer();
    const redirecting = await startServer({
      answerInstead: ({ url = "" }) => ({ status: 302, location: `${elsewhere.url}${url}` }),
    });
    await expect(clone(`${redirecting.url}/demo.git`, secret)).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining(`redirects to ${elsewhere.url}/demo.git, on another host`),
    });
    expect(redirecting.authorizations.length).toBeGreaterThan(0);
    expect(elsewhere.requests).toEqual([]);
  });

  it("goes along with a redirect on the same server", async () => {
    const server = await startServer({
      answerInstead: ({ url = "" }) =>
        url.startsWith("/old/") ? { status: 301, location: url.replace("/old/", "/") } : undefined,
    });
    expect(await clone(`${server.url}/old/demo.git`, secret)).toMatchObject({
      commit: head,
      warnings: [`The server redirects to ${server.url}/demo.git: use that URL as repo.`],
    });
  });

  it("is not in the error when the server sends it back", async () => {
    const echoing = createServer(certificate, (request, response) => {
      const { authorization } = request.headers;
      const status = authorization === undefined ? 401 : 400;
      response.writeHead(status, { "www-authenticate": 'Basic realm="git"', "content-type": "text/plain" });
      response.end(`you said ${authorization ?? "nothing"}: ${secret} ${writings(secret).url}\n`);
    });
    await new Promise<void>((resolve) => echoing.listen(0, "127.0.0.1", resolve));
    closers.push(async () => {
      await new Promise((resolve) => echoing.close(resolve));
    });
    const { port } = echoing.address() as { port: number };
    const failure = await clone(`https://127.0.0.1:${port}/demo.git`, secret).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      code: "clone_failed",
      details: { git: expect.stringContaining("you said") },
    });
    expect(formsIn(told(failure), secret)).toEqual([]);
  });

  it("is in no command line, environment or file, while git has it and afterwards", async () => {
    const control = spawn("sh", ["-c", "read -r _; :", writings(secret).base64], {
      env: { CONTROL: secret },
      stdio: ["pipe", "ignore", "ignore"],
    });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let waiting = 0;
    const server = await startServer({
      beforeAnswer: () => {
        waiting += 1;
        return gate;
      },
    });
    const cloning = clone(`${server.url}/demo.git`, secret);
    await until("a request with the token", () => waiting > 0);
    expect(await processesWith(server.url)).not.toEqual([]);
    const found = (await allProcesses()).filter(
      ({ commandLine, environment = "" }) => formsIn(commandLine + environment, secret).length > 0,
    );
    expect(found.map(({ pid }) => pid)).toEqual([control.pid]);
    expect(await filesWithSecret()).toEqual([]);
    release();
    const { repo } = await cloning;
    control.stdin.end();
    await once(control, "exit");
    expect(await filesWithSecret()).toEqual([]);
    await writeFile(join(root, "cache/control"), writings(secret).url);
    expect(await filesWithSecret()).toEqual([join(root, "cache/control")]);
    expect(await readdir(join(repo, ".."))).not.toContain("clone-token");
    expect(formsIn(await readFile(join(repo, ".git/config"), "utf8"), secret)).toEqual([]);
  });

  it("is asked for again when the server has news", async () => {
    const server = await startServer();
    const url = `${server.url}/demo.git`;
    await clone(url, secret);
    const next = await commit(join(root, "demo.git"), { files: { "b.txt": "b\n" }, branch: "main" });
    expect(await clone(url, secret)).toMatchObject({ commit: next, warnings: [] });
  });
});

/** Regular files of the cache that hold the secret in any form. */
async function filesWithSecret(): Promise<string[]> {
  const entries = await readdir(join(root, "cache"), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    paths.map(async (path) => [path, await readFile(path, "latin1")] as const),
  );
  return contents.flatMap(([path, content]) => (formsIn(path + content, secret).length > 0 ? [path] : []));
}
