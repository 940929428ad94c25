/** Work is published from a record alone: its bundle, patch and summary, and what the server has. */
import { cp, mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { ifThere } from "../../../src/if-there.ts";
import { publishWork } from "../../../src/publish/publish.ts";
import { rebuildWork } from "../../../src/publish/recorded-work.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import type { WorkSummary } from "../../../src/work/summary.ts";
import { makeCertificate } from "../../kit/certificates.mjs";
import { startGitServer } from "../../kit/git-server.mjs";
import { git } from "../../kit/repositories.mjs";
import { SessionWork } from "../work/session-work.ts";
import { publish, SETTINGS } from "./publishing.ts";

const TOKEN = "recorded-token-77ab";
const BRANCH = "agentd/builder/issue-42";

let work: SessionWork;
let base: string;

beforeEach(async () => {
  work = await SessionWork.make();
  base = await work.begin({ "README.md": "# Demo\n", ".github/workflows/ci.yml": "on: push\n" });
});
afterEach(() => work.remove());

async function serve() {
  const { certificate, authorityFile } = await makeCertificate(work.root);
  const server = await startGitServer(work.root, { takesPushes: true, certificate, token: TOKEN });
  onTestFinished(() => server.close());
  return { url: `${server.url}/demo.git`, environment: { GIT_SSL_CAINFO: authorityFile } };
}

type Server = Awaited<ReturnType<typeof serve>>;

async function onServer(branch = BRANCH): Promise<string> {
  return await git(work.origin, ["for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`]);
}

/** Keeps what a record keeps, and removes clone, base and what the export left. */
async function recordOnly(): Promise<string> {
  const record = join(work.root, "record");
  await cp(work.out, record, { recursive: true });
  for (const gone of [work.repo, work.baseDirectory, work.scratch, work.out]) await removeTree(gone);
  return record;
}

async function publishRecorded(record: string, { url, environment }: Server, settings = {}) {
  const scratch = join(work.root, "by-hand");
  await removeTree(scratch);
  await mkdir(scratch);
  const summary = JSON.parse(await readFile(join(record, "summary.json"), "utf8")) as WorkSummary;
  const whereItIs = async (name: string): Promise<string | undefined> =>
    ((await ifThere(stat(join(record, name))))?.size ?? 0) > 0 ? join(record, name) : undefined;
  const token = { source: "PUBLISH_TOKEN", value: TOKEN };
  const tools = {
    environment: { PATH: process.env["PATH"], ...environment },
    signal: new AbortController().signal,
  };
  const rebuilt = await rebuildWork(
    {
      ...{ sessionId: "e812345678901234", summary, url, token, scratch },
      bundle: await whereItIs("commits.bundle"),
      patch: await whereItIs("changes.patch"),
    },
    tools,
  );
  return await publishWork(
    {
      settings: { ...SETTINGS, ...settings },
      session: {
        sessionId: "e812345678901234",
        profile: "builder",
        workUnit: "issue-42",
        repository: { url, ref: null },
        startTimestamp: "2026-11-28T02:00:00.000Z",
        endTimestamp: "2026-11-28T02:10:00.000Z",
      },
      work: { ...rebuilt, scratch, summary, summaryDigest: "1".repeat(64) },
      author: { name: "builder", email: "builder@host.agentd.invalid" },
      token,
    },
    { ...tools, now: () => Date.now(), version: "0.0.0" },
    { pushing: async () => undefined, pushed: async () => undefined },
  );
}

it("has the commits by the same ids, also when the server's branch has moved on", async () => {
  const commit = await work.commit("Fix", { "fix.txt": "x\n" });
  await work.export();
  const record = await recordOnly();
  const server = await serve();
  await git(work.origin, ["commit-tree", `${base}^{tree}`, "-p", base, "-m", "Later"]).then((later) =>
    git(work.origin, ["update-ref", "refs/heads/main", later]),
  );
  expect(await publishRecorded(record, server)).toMatchObject({ kind: "published", commit });
  expect(await onServer()).toBe(commit);
});

it("has what is uncommitted as the same last commit that the daemon makes", async () => {
  await work.commit("Fix", { "fix.txt": "x\n" });
  await work.write({ "more.txt": "more\n", "bytes.bin": Buffer.from([0, 1, 2, 255]).toString("latin1") });
  await work.export();
  const server = await serve();
  const first = await publish(work, { ...server, token: TOKEN });
  const record = await recordOnly();
  const again = await publishRecorded(record, server);
  expect(first).toMatchObject({ kind: "published" });
  expect(again).toEqual(first);
});

it("has what is uncommitted where the session made no commit", async () => {
  await work.write({ "more.txt": "more\n" });
  await work.export();
  const record = await recordOnly();
  const result = await publishRecorded(record, await serve());
  expect(result).toMatchObject({ kind: "published" });
  expect(await git(work.origin, ["show", `${await onServer()}:more.txt`])).toBe("more");
  expect(await git(work.origin, ["rev-parse", `${await onServer()}^`])).toBe(base);
});

it("is nothing where the session did nothing", async () => {
  await work.export();
  const record = await recordOnly();
  expect(await publishRecorded(record, await serve())).toMatchObject({ kind: "nothing" });
});

it("is refused by the same rules", async () => {
  await work.commit("Fix", { ".GitHub/workflows/ci.yml": "on: pull_request\n" });
  await work.export();
  const record = await recordOnly();
  const server = await serve();
  await expect(publishRecorded(record, server)).rejects.toMatchObject({
    code: "publish_refused",
    details: { paths: [".GitHub/workflows/ci.yml"] },
  });
  expect(await onServer()).toBe("");
  expect(await publishRecorded(record, server, { allowCi: true })).toMatchObject({ kind: "published" });
});

it("fails and says so where the server no longer has what the session began with", async () => {
  await work.commit("Fix", { "fix.txt": "x\n" });
  await work.export();
  const record = await recordOnly();
  await removeTree(work.origin);
  await git(work.root, ["init", "--quiet", "--bare", "--initial-branch=main", work.origin]);
  await expect(publishRecorded(record, await serve())).rejects.toMatchObject({
    code: "publish_failed",
    message: expect.stringContaining(base),
  });
});
