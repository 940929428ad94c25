import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGit } from "../../../src/workspace/git.ts";
import { reachRepository } from "../../../src/workspace/reach-repository.ts";
import { type Certificate, makeCertificate } from "../../kit/certificates.mjs";
import { type GitServer, startGitServer } from "../../kit/git-server.mjs";
import { git, makeRepository } from "../../kit/repositories.mjs";
import { makeSecret } from "../../kit/secrets.mjs";

let root: string;
let scratch: string;
let certificate: Certificate;
let authorityFile: string;
let server: GitServer;
let secret: string;
let head: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-reach-"));
  scratch = await mkdtemp(join(tmpdir(), "agentd-reach-"));
  secret = makeSecret();
  head = await makeRepository(join(root, "demo.git"));
  await git(join(root, "demo.git"), ["tag", "v1"]);
  ({ certificate, authorityFile } = await makeCertificate(scratch));
  server = await startGitServer(root, { certificate, token: secret });
});

afterEach(async () => {
  await server.close();
  for (const directory of [root, scratch]) await rm(directory, { recursive: true });
});

async function reach(
  path: string,
  ref: string | null = null,
  token: string | undefined = secret,
): Promise<void> {
  const run = createGit({ PATH: process.env["PATH"], GIT_SSL_CAINFO: authorityFile });
  const { signal } = new AbortController();
  const options = { directory: scratch, signal, deadlineMs: 60_000 };
  await reachRepository({ url: `${server.url}/${path}`, ref, token }, run, options);
}

describe("reaching a repository", () => {
  it.each([["main"], ["v1"], [null]])("succeeds where the server shows it, with the ref %s", async (ref) => {
    await reach("demo.git", ref);
    expect(server.packsServed()).toBe(0);
  });

  it("does not look for a commit", async () => {
    await reach("demo.git", head);
    await reach("demo.git", "0123456789abcdef0123456789abcdef01234567");
  });

  it.each([
    ["there is no such repository", "nowhere.git", null, "clone_failed"],
    ["there is no such ref", "demo.git", "no-such-branch", "ref_not_found"],
    ["the ref is none", "demo.git", "a..b", "ref_invalid"],
  ])("fails when %s", async (_, path, ref, code) => {
    await expect(reach(path, ref)).rejects.toMatchObject({ code });
  });

  it("fails without the right token, says so, and keeps the wrong one for itself", async () => {
    const wrong = makeSecret();
    const failure: unknown = await reach("demo.git", null, wrong).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "clone_failed" });
    expect(JSON.stringify(failure) + String(failure)).not.toContain(wrong);
  });

  it("leaves nothing of the token behind", async () => {
    const before = await readdir(scratch);
    await reach("demo.git");
    expect(await readdir(scratch)).toEqual(before);
  });
});
