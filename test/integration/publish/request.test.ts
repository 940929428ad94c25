import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { ForgeName } from "../../../src/publish/forges/forge.ts";
import type { RequestSettings } from "../../../src/publish/settings.ts";
import { type Certificate, makeCertificate } from "../../kit/certificates.mjs";
import { type ForgeServer, startForge } from "../../kit/forges/forge-server.mjs";
import { startGitServer } from "../../kit/git-server.mjs";
import { SessionWork } from "../work/session-work.ts";
import { type Attempt, publish } from "./publishing.ts";

const TOKEN = "forge-token-9b3d";
const BRANCH = "agentd/builder/issue-42";
const ALL = ["github", "gitlab", "gitea"] as const;

let work: SessionWork;
let commit: string;
let certificate: Certificate;
let attempt: Attempt;

beforeEach(async () => {
  work = await SessionWork.make();
  await work.begin();
  commit = await work.commit("Fix the login", { "fix.txt": "x\n" });
  await work.export();
  const made = await makeCertificate(work.root);
  certificate = made.certificate;
  const server = await startGitServer(work.root, { takesPushes: true, certificate, token: TOKEN });
  onTestFinished(() => server.close());
  const environment = { GIT_SSL_CAINFO: made.authorityFile };
  attempt = { url: `${server.url}/team/demo.git`, token: TOKEN, environment };
  // Forges have an owner in the path.
  const { mkdir, rename } = await import("node:fs/promises");
  await mkdir(join(work.root, "team"));
  await rename(work.origin, join(work.root, "team", "demo.git"));
});
afterEach(() => work.remove());

type Options = Partial<Parameters<typeof startForge>[1]>;

async function serve(name: ForgeName, options: Options = {}): Promise<ForgeServer> {
  const forge = await startForge(name, { certificate, token: TOKEN, ...options });
  onTestFinished(async () => {
    expect(forge.violations).toEqual([]);
    await forge.close();
  });
  return forge;
}

function asking(name: ForgeName, { url }: ForgeServer, more: Partial<RequestSettings> = {}): Attempt {
  const request = { forge: name, apiUrl: url, draft: true, title: "{subject}", labels: ["agent"], ...more };
  return { ...attempt, settings: { request }, sleep: async () => undefined };
}

describe.each(ALL)("a request of %s", (name) => {
  it("is opened as its description has it, with draft, label and body", async () => {
    const forge = await serve(name);
    const result = await publish(work, asking(name, forge));
    expect(result).toMatchObject({ requestFailure: undefined, warnings: [], branch: BRANCH, commit });
    expect(result).toMatchObject({ requestUrl: expect.stringMatching(/^https:\/\/forge\.example\/.*\/1$/) });
    const prefix = { github: "", gitlab: "Draft: ", gitea: "WIP: " }[name];
    expect(forge.requests).toMatchObject([
      { branch: BRANCH, base: "main", title: `${prefix}Fix the login`, draft: true, labels: ["agent"] },
    ]);
    expect(forge.requests[0]?.body).toContain("Session: `e812345678901234`");
    expect(forge.requests[0]?.body).toContain("Work unit: `issue-42`");
    expect(forge.calls[0]?.headers["user-agent"]).toBe("agentd/0.0.0");
  });

  it("is found again, not opened twice, and gets what it lacks", async () => {
    const forge = await serve(name);
    await publish(work, asking(name, forge, { labels: [] }));
    const again = await publish(work, asking(name, forge));
    expect(again).toMatchObject({ requestUrl: expect.stringContaining("/1") });
    expect(forge.requests).toMatchObject([{ labels: ["agent"] }]);
    const before = forge.calls.length;
    await publish(work, asking(name, forge));
    expect(forge.calls.slice(before).every(({ method }) => method === "GET")).toBe(true);
  });

  it("is no draft where the profile says so, and has its title and base", async () => {
    const forge = await serve(name);
    await publish(work, asking(name, forge, { draft: false, title: "{work_unit}: {subject}", base: "next" }));
    expect(forge.requests).toMatchObject([{ draft: false, title: "issue-42: Fix the login", base: "next" }]);
  });

  it("is one, although the server fails when it has opened it", async () => {
    const forge = await serve(name, {
      after: ({ method, path }, request) => {
        const isNew = method === "POST" && /(pulls|merge_requests)$/.test(path);
        if (isNew && forge.requests.length === 1) request.socket.destroy();
      },
    });
    expect(await publish(work, asking(name, forge))).toMatchObject({ requestFailure: undefined });
    expect(forge.requests).toHaveLength(1);
  });

  it("is one, although another one was opened meanwhile", async () => {
    let isFirst = true;
    const forge = await serve(name, {
      before: ({ method }) => {
        if (method !== "GET" || !isFirst) return undefined;
        isFirst = false;
        forge.requests.push({
          number: 1,
          branch: BRANCH,
          base: "main",
          title: "Theirs",
          body: "",
          draft: false,
          labels: ["agent"],
          open: true,
        });
        return { status: 200, json: [] };
      },
    });
    expect(await publish(work, asking(name, forge))).toMatchObject({ requestFailure: undefined });
    expect(forge.requests).toMatchObject([{ title: "Theirs" }]);
  });

  it("is tried again when the server fails or limits requests, as long as that asks to wait", async () => {
    const answers = [
      { status: 502 },
      { status: 429, headers: { "retry-after": "7" } },
      { status: 503, headers: { "retry-after": "3" } },
    ];
    const forge = await serve(name, { before: () => answers.shift() });
    const waits: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
    };
    expect(await publish(work, { ...asking(name, forge), sleep })).toMatchObject({
      requestFailure: undefined,
    });
    expect(waits).toEqual([1_000, 7_000, 3_000]);
    expect(forge.requests).toHaveLength(1);
  });

  it.each([
    ["fails for ever", { status: 500 }, /HTTP 500/],
    [
      "asks to wait too long",
      { status: 429, headers: { "retry-after": "3600" } },
      /longer than agentd waits/,
    ],
    ["does not accept the token", { status: 401, json: { message: `Bad ${TOKEN}` } }, /HTTP 401: Bad \*\*\*/],
    ["does not know the repository", { status: 404, json: { message: "Not Found" } }, /HTTP 404: Not Found/],
    ["sends something else", { status: 200, json: "hello" }, /not that of such a forge/],
  ])("is a warning beside the branch when the server %s", async (_what, answer, why) => {
    const forge = await serve(name, { before: () => answer });
    const result = await publish(work, asking(name, forge));
    expect(result).toMatchObject({
      branch: BRANCH,
      requestUrl: null,
      requestFailure: { code: "request_failed" },
    });
    const { requestFailure } = result as { requestFailure: Error };
    expect(requestFailure.message).toMatch(why);
    expect(JSON.stringify(requestFailure) + requestFailure.message).not.toContain(TOKEN);
    expect(forge.calls.length).toBeLessThanOrEqual(5);
  });

  it("follows a redirect on the same host, and sends the token to no other", async () => {
    const other = await serve(name);
    const moved = await serve(name, {
      before: ({ path }) =>
        path.startsWith("/") ? { status: 307, headers: { location: `${other.url}${path}` } } : undefined,
    });
    const result = await publish(work, asking(name, moved));
    expect(result).toMatchObject({ requestUrl: null });
    expect((result as { requestFailure: Error }).requestFailure.message).toContain("another host");
    expect(other.calls).toEqual([]);
  });
});

describe("a request", () => {
  it("waits as GitHub's headers ask it to", async () => {
    const reset = Math.ceil(Date.now() / 1000) + 30;
    const answers = [
      { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) } },
    ];
    const forge = await serve("github", { before: () => answers.shift() });
    const waits: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
    };
    expect(await publish(work, { ...asking("github", forge), sleep })).toMatchObject({
      requestFailure: undefined,
    });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(1_000);
  });

  it("is not opened where the server's certificate is not known", async () => {
    const { certificate: strange } = await makeCertificate(await mkdtemp(join(work.root, "strange-")));
    const forge = await serve("github", { certificate: strange });
    const result = await publish(work, asking("github", forge));
    expect(result).toMatchObject({ requestUrl: null, requestFailure: { code: "request_failed" } });
    expect(forge.calls).toEqual([]);
  });

  it("is a warning where Gitea has no such label", async () => {
    const forge = await serve("gitea");
    const result = await publish(work, asking("gitea", forge, { labels: ["agent", "unheard-of"] }));
    expect(result).toMatchObject({
      warnings: ["The request has no label unheard-of: the server has none of that name."],
    });
    expect(forge.requests).toMatchObject([{ labels: ["agent"] }]);
  });
});
