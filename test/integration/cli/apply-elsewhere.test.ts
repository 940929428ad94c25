import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { OpenRecord } from "../../../src/audit/open/open-record.ts";
import { git } from "../../kit/repositories.mjs";
import { type SshServer, startSshServer } from "../../kit/ssh-server.mjs";
import { makeWorkRecord } from "../../kit/work-record.ts";
import { SessionWork } from "../work/session-work.ts";
import { PROGRAM_DIRECTORY } from "./installed-cli.ts";

let top: string;
let server: SshServer;
let session: SessionWork;
let committed: string;
let record: OpenRecord;
let checkout: string;

/** A record on a host with an ssh server, and an operator elsewhere with a checkout and nothing of agentd's. */
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "agentd-far-"));
  for (const name of ["there", "here", "run", "ssh", "tmp"]) await mkdir(join(top, name), { mode: 0o700 });
  session = await SessionWork.make();
  await session.begin({ "README.md": "# Demo\n" });
  committed = await session.commit("first", { "README.md": "# Better demo\n" });
  await session.write({ "rest.txt": "not committed\n" });
  await session.export();
  record = await makeWorkRecord(join(top, "there"), session.out);
  const PATH = [PROGRAM_DIRECTORY, dirname(process.execPath), process.env["PATH"]].join(delimiter);
  server = await startSshServer(join(top, "ssh"), {
    variables: { PATH, HOME: join(top, "there"), XDG_RUNTIME_DIR: join(top, "there") },
  });
  checkout = join(top, "checkout");
  await git(top, ["clone", "--quiet", session.origin, checkout]);
});

afterAll(async () => {
  await server.close();
  await session.remove();
  await execa("chmod", ["-R", "u+rwX", top]);
  await rm(top, { recursive: true });
});

/** `agentd --host ADDRESS apply`, typed in a directory of the operator's. */
function apply(directory: string, ...args: readonly string[]) {
  return execa("agentd", ["--host", server.url, "apply", ...args], {
    cwd: directory,
    reject: false,
    extendEnv: false,
    env: {
      PATH: [PROGRAM_DIRECTORY, server.variables.PATH].join(delimiter),
      SSH_AUTH_SOCK: server.variables.SSH_AUTH_SOCK,
      HOME: join(top, "here"),
      XDG_RUNTIME_DIR: join(top, "run"),
      TMPDIR: join(top, "tmp"),
    },
  });
}

it("brings the commits and the rest of a session there into the checkout here", async () => {
  const branch = `agentd/${record.id}`;
  const commits = await apply(checkout, record.id.slice(-6));
  expect(commits.stderr).toBe("");
  expect(commits.exitCode).toBe(0);
  expect(commits.stdout).toContain(`branch ${branch} is at ${committed.slice(0, 12)}, 1 commit after`);
  expect(await git(checkout, ["rev-parse", branch])).toBe(committed);
  expect(await git(checkout, ["status", "--porcelain"])).toBe("");
  const rest = await apply(checkout, "--latest", "--worktree", "--json");
  expect(JSON.parse(rest.stdout)).toMatchObject({
    session_id: record.id,
    head: committed,
    worktree: { files: 1, switched_to: branch },
  });
  expect(await readFile(join(checkout, "rest.txt"), "utf8")).toBe("not committed\n");
  // What was brought for it is gone.
  expect(await readdir(join(top, "tmp"))).toEqual([]);
});

it("fails as on one machine: what is wrong there, and what is wrong here", async () => {
  const missing = await apply(checkout, "ffffffffffffffff");
  expect([missing.exitCode, missing.stdout]).toEqual([1, ""]);
  expect(missing.stderr).toMatch(/^agentd: .*\[unknown_session\]/);
  const unnamed = await apply(checkout);
  expect(unnamed.exitCode).toBe(2);
  const outside = await apply(top, record.id);
  expect(outside.exitCode).toBe(1);
  expect(outside.stderr).toContain("[checkout_unusable]");
  const altered = await makeWorkRecord(join(top, "there"), session.out);
  await execa("chmod", ["-R", "u+w", altered.directory]);
  await writeFile(join(altered.directory, "work/changes.patch"), "changed");
  const refused = await apply(checkout, altered.id);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("work/changes.patch: altered [record_altered]");
  expect(await readdir(join(top, "tmp"))).toEqual([]);
});

it("tells what the host has to say about a work that is not whole", async () => {
  const work = join(top, "partial");
  await execa("cp", ["-r", session.out, work]);
  const file = join(work, "summary.json");
  const left_out = [{ what: "a device", why: "it is none of git's" }];
  const summary = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...summary, left_out, left_out_count: 1 }));
  const partial = await makeWorkRecord(join(top, "there"), work);
  const { exitCode, stderr } = await apply(checkout, partial.id);
  expect(exitCode).toBe(0);
  expect(stderr).toContain(
    `1 thing of the work could not be recorded; see \`agentd diff --json ${partial.id}\``,
  );
});
