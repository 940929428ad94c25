import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { type Clone, cloneInto } from "../../../src/workspace/clone.ts";
import { createGit } from "../../../src/workspace/git.ts";
import { Mirrors } from "../../../src/workspace/mirrors.ts";
import { Staging } from "../../../src/workspace/staging.ts";
import { commit, makeRepository } from "../../kit/repositories.mjs";
import { startSshServer } from "../../kit/ssh-server.mjs";

const BIG_BYTES = 1_000_000;

let root: string;
let repository: string;
let server: Awaited<ReturnType<typeof startSshServer>>;
let sessions: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-ssh-"));
  await mkdir(join(root, "ssh"));
  server = await startSshServer(join(root, "ssh"));
  repository = join(root, "demo.git");
  await makeRepository(repository, { files: { big: { content: randomBytes(BIG_BYTES) } } });
  sessions = 0;
});
afterEach(async () => {
  await server.close();
  await removeTree(root);
});

interface Session extends Clone {
  readonly directory: string;
  /** What the server has sent for it. */
  readonly sentBytes: number;
}

/** Clones over ssh with what the daemon's environment holds, besides PATH and an agent that are the server's. */
async function session(environment = {}, path = repository): Promise<Session> {
  sessions += 1;
  const staging = await Staging.create(join(root, "cache/staging"), String(sessions), "0123abcd");
  const before = server.sentBytes();
  const cloned = await cloneInto(
    staging,
    { url: `${server.url}${path}`, ref: null },
    {
      git: createGit({ ...server.variables, ...environment }),
      mirrors: new Mirrors(join(root, "cache/repos")),
      signal: new AbortController().signal,
    },
  );
  return { ...cloned, directory: staging.cloneDirectory, sentBytes: server.sentBytes() - before };
}

describe("a repository over ssh", () => {
  it("is cloned with a key of the agent, and the second session has the objects from the mirror", async () => {
    const first = await session();
    expect(first.sentBytes).toBeGreaterThan(BIG_BYTES);
    const head = await commit(repository, { files: { door: "green\n" }, branch: "main" });
    const second = await session();
    expect(second.commit).toBe(head);
    expect(second.sentBytes).toBeLessThan(BIG_BYTES / 10);
    expect(await readFile(join(second.directory, "door"), "utf8")).toBe("green\n");
    expect((await readFile(join(second.directory, "big"))).length).toBe(BIG_BYTES);
  });

  it("is not read from the mirror by who may not log in", async () => {
    await session();
    await expect(session({ SSH_AUTH_SOCK: undefined })).rejects.toMatchObject({ code: "clone_failed" });
  });

  it.each([
    ["without an agent", { SSH_AUTH_SOCK: undefined }],
    ["with an agent that is gone", { SSH_AUTH_SOCK: "/nonexistent/agent.sock" }],
  ])("is refused %s, and the error says where keys come from", async (_, environment) => {
    await expect(session(environment)).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining("the server requires authentication"),
      next: expect.stringMatching(/for ssh:\/\/ the key or agent of the user that runs the daemon/),
    });
  });

  it("is refused from a server whose host key is not known", async () => {
    await rm(server.knownHostsFile);
    await expect(session()).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining("the server's ssh host key is not known to this user"),
      next: expect.stringContaining("known_hosts"),
    });
  });

  it("is refused from a server that has another host key than before", async () => {
    const other = join(root, "other");
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
    const known = await readFile(server.knownHostsFile, "utf8");
    const key = await readFile(`${other}.pub`, "utf8");
    await writeFile(server.knownHostsFile, `${known.split(" ", 1)[0]} ${key}`);
    await expect(session()).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining("the server's ssh host key differs from the known one"),
      next: expect.stringContaining("known_hosts"),
    });
  });

  it("that is not there is reported as that", async () => {
    await expect(session({}, join(root, "nowhere.git"))).rejects.toMatchObject({
      code: "clone_failed",
      message: expect.stringContaining("there is no git repository at this URL"),
    });
  });
});
