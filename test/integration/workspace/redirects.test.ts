import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { type Clone, cloneInto } from "../../../src/workspace/clone.ts";
import { createGit } from "../../../src/workspace/git.ts";
import { Mirrors } from "../../../src/workspace/mirrors.ts";
import { reachRepository } from "../../../src/workspace/reach-repository.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { type GitServer, startGitServer } from "../../kit/git-server.mjs";
import { git as runGit, makeRepository } from "../../kit/repositories.mjs";

let root: string;
let head: string;
let sessions: number;
let servers: GitServer[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-redirects-"));
  head = await makeRepository(join(root, "demo.git"));
  sessions = 0;
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.close();
  await removeTree(root);
});

type Options = NonNullable<Parameters<typeof startGitServer>[1]>;

async function start(answerInstead?: Options["answerInstead"]): Promise<GitServer> {
  const server = await startGitServer(root, { answerInstead });
  servers.push(server);
  return server;
}

/** A server that redirects every first request. @param location from the path and query that were asked for. */
async function startRedirecting(location: (asked: string) => string, status = 301): Promise<GitServer> {
  return await start(({ url = "" }) => {
    const target = location(url);
    return target === url ? undefined : { status, location: target };
  });
}

const { signal } = new AbortController();

async function clone(url: string): Promise<Clone & { readonly directory: string }> {
  const staging = await Staging.create(join(root, "staging"), `${(sessions += 1)}`, "0123abcd");
  const git = createGit({ PATH: process.env["PATH"] });
  const options = { git, mirrors: new Mirrors(join(root, "repos")), signal };
  return { ...(await cloneInto(staging, { url, ref: null }, options)), directory: staging.cloneDirectory };
}

describe("a redirect", () => {
  it.each([301, 302, 307, 308])("to another host is never followed: %d", async (status) => {
    const other = await start();
    const server = await startRedirecting((asked) => `${other.url}${asked}`, status);
    await expect(clone(`${server.url}/demo.git`)).rejects.toMatchObject({
      code: "clone_failed",
      message: `cannot clone ${server.url}/demo.git: the server redirects to ${other.url}/demo.git, on another host`,
      next: expect.stringContaining("use that URL"),
    });
    expect(server.requests.length).toBeGreaterThan(0);
    expect(other.requests).toEqual([]);
  });

  it("of a request for the pack is not followed to another host either", async () => {
    const other = await start();
    const server = await start(({ method, url = "" }) =>
      method === "POST" ? { status: 307, location: `${other.url}${url}` } : undefined,
    );
    await expect(clone(`${server.url}/demo.git`)).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining(`redirects to ${other.url}/demo.git`),
    });
    expect(other.requests).toEqual([]);
  });

  it("on the same host is followed, and a warning names the new URL", async () => {
    const server = await startRedirecting((asked) => asked.replace("/old/", "/"));
    const first = await clone(`${server.url}/old/demo.git`);
    expect(first).toMatchObject({
      commit: head,
      warnings: [`The server redirects to ${server.url}/demo.git: use that URL as repo.`],
    });
    expect(await runGit(first.directory, ["remote", "get-url", "origin"])).toBe(`${server.url}/demo.git`);
    expect(await clone(`${server.url}/old/demo.git`)).toMatchObject({ commit: head });
    expect(server.packsServed()).toBe(1);
  });

  it("that leads around in a circle ends", async () => {
    const server = await startRedirecting((asked) =>
      asked.startsWith("/a/") ? asked.replace("/a/", "/b/") : asked.replace("/b/", "/a/"),
    );
    await expect(clone(`${server.url}/a/demo.git`)).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining("in a circle"),
    });
  });

  it("to a page for people is an error that speaks of the token", async () => {
    const server = await startRedirecting(() => "/users/sign_in?next=x");
    await expect(clone(`${server.url}/demo.git`)).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining(`redirects to ${server.url}/users/sign_in, which is not a repository`),
      next: expect.stringContaining("repo_token_source"),
    });
  });

  it("is found by who only asks whether the repository is there", async () => {
    const server = await startRedirecting((asked) => asked.replace("/old/", "/"));
    const git = createGit({ PATH: process.env["PATH"] });
    const options = { directory: root, signal, deadlineMs: 60_000 };
    const reach = (url: string) => reachRepository({ url, ref: null }, git, options);
    expect(await reach(`${server.url}/old/demo.git`)).toBe(`${server.url}/demo.git`);
    expect(await reach(`${server.url}/demo.git`)).toBeUndefined();
  });
});

describe("a server that refuses", () => {
  it.each([
    [403, "the server refuses access (HTTP 403 Forbidden)", "repo_token_source"],
    [404, "the server reports no such repository (HTTP 404 Not Found)", "private repository without a token"],
    [429, "the server limits requests (HTTP 429 Too Many Requests)", "Try again later"],
    [500, "the server failed (HTTP 500 Internal Server Error)", "The problem is on the server"],
    [503, "the server failed (HTTP 503 Service Unavailable)", "The problem is on the server"],
  ])("is reported with status, git's words and its own: %d", async (status, why, next) => {
    const server = await start(() => ({ status, text: "The moon\nis full.\n" }));
    const url = `${server.url}/demo.git`;
    await expect(clone(url)).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringMatching(
        new RegExp(
          `: ${why.replaceAll(/[()]/g, "\\$&")}; git says: .*; the server says: The moon is full\\.$`,
        ),
      ),
      next: expect.stringContaining(next),
    });
  });

  it("is reported with what git says when it wants a login", async () => {
    const server = await startGitServer(root, { token: "t" });
    servers.push(server);
    await expect(clone(`${server.url}/demo.git`)).rejects.toMatchObject({
      message: expect.stringMatching(
        /: the server requires authentication \(HTTP 401 Unauthorized\); git says: could not read Username/,
      ),
      next: expect.stringMatching(/^Set repo_token_source .* and use its https:\/\/ URL\.$/),
    });
  });
});
