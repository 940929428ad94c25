/** Deliveries of webhooks to a real `agentd web`, signed by what their services offer for that. */
import { createHmac } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign } from "@octokit/webhooks-methods";
import { Webhook as Standard } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Params } from "../../../src/api/methods.ts";
import { AgentdError } from "../../../src/errors.ts";
import { failpointsOf } from "../../../src/failpoints.ts";
import { PROFILE_VIEW, view } from "../../kit/small-daemon.ts";
import { type Reply, startWebUnderTest, type WebSetUp, type WebUnderTest } from "../../kit/web-under-test.ts";

const SECRET = "It's a Secret to Everybody";
const STANDARD_SECRET = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const PAYLOAD = {
  action: "labeled",
  label: { name: "agent" },
  issue: { number: 42, title: "Fix it", body: "$(rm -rf /) {label.name}" },
};
const BODY = JSON.stringify(PAYLOAD);

const HOOK = {
  name: "default",
  kind: "github",
  secret_source: "HOOK_SECRET",
  events: [],
  match: {},
} as const;
const WEBHOOKS = [
  {
    ...HOOK,
    events: ["issues.labeled"],
    match: { "label.name": "agent" },
    work_unit: "issue-{issue.number}",
    request: "{issue.title}\n\n{issue.body}",
  },
  { ...HOOK, name: "forge", kind: "gitea" as const },
  { ...HOOK, name: "lab", kind: "gitlab" as const },
  { ...HOOK, name: "standard", kind: "standard" as const, secret_source: "STANDARD_SECRET" },
  { ...HOOK, name: "script", kind: "bearer" as const, secret_source: "SCRIPT_SECRET" },
  { ...HOOK, name: "unset", secret_source: "NOT_SET" },
];

let web: WebUnderTest;
let runs: Params<"run">[];
let files: Map<string, Buffer>;
let refused: Params<"webhook_refused">[];
/** What the daemon does before it accepts a run. */
let before: () => void;

async function start(setUp: WebSetUp = {}): Promise<void> {
  [runs, refused, files] = [[], [], new Map()];
  before = () => undefined;
  web = await startWebUnderTest({
    ...setUp,
    handlers: {
      profiles: async () => [{ ...PROFILE_VIEW, webhooks: [...WEBHOOKS] }],
      upload: async ({ request_id: id, name, offset, data }) => {
        const file = `${id}/${name}`;
        files.set(
          file,
          Buffer.concat([
            (files.get(file) ?? Buffer.alloc(0)).subarray(0, offset),
            Buffer.from(data, "base64"),
          ]),
        );
        return {};
      },
      // As the daemon: the same request is the same session.
      run: async (params) => {
        before();
        const known = runs.findIndex(({ request_id: id }) => id === params.request_id);
        if (known === -1) runs.push(params);
        const number = known === -1 ? runs.length : known + 1;
        return view({ session_id: String(number).padStart(16, "0"), profile: params.profile });
      },
      webhook_refused: async (params) => {
        refused.push(params);
        return {};
      },
    },
  });
  await writeFile(
    join(web.daemon.directory, "web.env"),
    `HOOK_SECRET="${SECRET}"\nSTANDARD_SECRET=${STANDARD_SECRET}\nSCRIPT_SECRET=0123456789abcdef\n`,
    { mode: 0o600 },
  );
}

beforeEach(() => start());
afterEach(() => web.close());

const post = (name: string, headers: Record<string, string>, body = BODY): Promise<Reply> =>
  web.send(`/hooks/demo/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

async function fromGitHub(delivery: string, body = BODY, event = "issues"): Promise<Reply> {
  return await post(
    "default",
    {
      "x-github-event": event,
      "x-github-delivery": delivery,
      "x-hub-signature-256": await sign(SECRET, body),
    },
    body,
  );
}

const codeOf = (reply: Reply): [number, string] => [reply.status, reply.json().error.code];

describe("a delivery of GitHub", () => {
  it("starts a session with its payload, whole, and what the templates say", async () => {
    const reply = await fromGitHub("d1");
    expect([reply.status, reply.text]).toEqual([202, '{"session_id":"0000000000000001"}']);
    expect(runs).toEqual([
      {
        request_id: expect.stringMatching(/^webhook [0-9a-f]{32}$/) as string,
        profile: "demo",
        webhook: { name: "default", delivery: "d1", event: "issues.labeled" },
        work_unit: "issue-42",
        request: "Fix it\n\n$(rm -rf /) {label.name}",
        inputs: [{ name: "event.json", bytes: BODY.length }],
      },
    ]);
    expect(files.get(`${runs[0]!.request_id}/event.json`)?.toString()).toBe(BODY);
  });

  it("is ignored where the webhook is for something else, and starts nothing", async () => {
    for (const [body, event] of [
      [BODY, "pull_request"],
      [JSON.stringify({ ...PAYLOAD, label: { name: "bug" } }), "issues"],
    ] as const) {
      const reply = await fromGitHub("d1", body, event);
      expect([reply.status, Object.keys(reply.json())]).toEqual([200, ["ignored"]]);
    }
    expect([runs, refused]).toEqual([[], []]);
  });

  it("that comes again is the same session, also at the same time and after a restart of agentd web", async () => {
    const replies = await Promise.all(["d1", "d1", "d1"].map((id) => fromGitHub(id)));
    replies.push(await fromGitHub("d1"));
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect((await fromGitHub("d2")).text).not.toBe(replies[0]!.text);
    expect(runs).toHaveLength(2);
    // What is on disk has neither payload nor secret.
    const directory = join(web.daemon.directory, "state", "webhooks");
    const [day = ""] = await readdir(directory);
    expect(await readdir(join(directory, day))).toHaveLength(2);
  });

  it("is refused with another body under its id", async () => {
    await fromGitHub("d1");
    const other = await fromGitHub("d1", JSON.stringify({ ...PAYLOAD, extra: 1 }));
    expect(codeOf(other)).toEqual([409, "webhook_conflict"]);
    expect(runs).toHaveLength(1);
    expect(refused).toEqual([
      {
        ...{ profile: "demo", name: "default", delivery: "d1", event: "issues.labeled" },
        why: expect.stringContaining("another body") as string,
      },
    ]);
  });

  it("is refused with a wrong signature, or none, and nothing of it is repeated", async () => {
    const wrong = { "x-github-event": "issues", "x-github-delivery": "a-private-text" };
    const other = await sign("another secret", BODY);
    for (const signature of [{}, { "x-hub-signature-256": other }])
      expect(codeOf(await post("default", { ...wrong, ...signature }))).toEqual([403, "webhook_refused"]);
    expect([runs, refused.length]).toEqual([[], 2]);
    expect(JSON.stringify(refused) + web.log.join("")).not.toContain("a-private-text");
    expect(web.log.join("")).not.toContain(SECRET);
  });

  it("is refused without what its templates need, an id, or JSON", async () => {
    const { issue: _issue, ...rest } = PAYLOAD;
    for (const [delivery, body, code] of [
      ["d1", JSON.stringify(rest), [403, "webhook_refused"]],
      ["", BODY, [403, "webhook_refused"]],
      ["d2", "payload=%7B%7D", [400, "protocol_error"]],
      ["d3", "7", [400, "protocol_error"]],
      ["d4", "[".repeat(500_000), [400, "protocol_error"]],
    ] as const)
      expect(codeOf(await fromGitHub(delivery, body)), body.slice(0, 30)).toEqual(code);
    expect(runs).toEqual([]);
  });

  it("is refused when its body has more than 1 MiB, with and without its length", async () => {
    const body = JSON.stringify({ ...PAYLOAD, more: "x".repeat(2 * 1024 * 1024) });
    expect(codeOf(await fromGitHub("d1", body))).toEqual([413, "body_too_large"]);
    const chunked = await web.send("/hooks/demo/default", {
      method: "POST",
      headers: { "transfer-encoding": "chunked", "x-hub-signature-256": await sign(SECRET, body) },
      body,
    });
    expect(codeOf(chunked)).toEqual([413, "body_too_large"]);
    const whole = JSON.stringify({ ...PAYLOAD, more: "x".repeat(1_000_000) });
    expect((await fromGitHub("d2", whole)).status).toBe(202);
    expect(files.get(`${runs[0]!.request_id}/event.json`)?.toString()).toBe(whole);
  });

  it("sends a request in pieces that is long", async () => {
    const issue = { ...PAYLOAD.issue, body: "é".repeat(300_000) };
    expect((await fromGitHub("d1", JSON.stringify({ ...PAYLOAD, issue }))).status).toBe(202);
    expect(runs[0]).toMatchObject({ request_bytes: 8 + 600_000 });
    expect(files.get(`${runs[0]!.request_id}/request.txt`)?.toString()).toBe(`Fix it\n\n${issue.body}`);
  });

  it("is one of at most 30 a minute that start sessions; those that came before are still known", async () => {
    const replies = [];
    for (let index = 0; index < 32; index += 1) replies.push(await fromGitHub(`d${index}`));
    expect(replies.map(({ status }) => status)).toEqual([...Array<number>(30).fill(202), 429, 429]);
    expect([replies[30]!.json().error.code, replies[30]!.headers["retry-after"]]).toEqual([
      "webhook_flood",
      "60",
    ]);
    expect((await fromGitHub("d0")).text).toBe(replies[0]!.text);
    // A flood without the secret leaves the webhook as it is, and the feed is told of some of it.
    for (let index = 0; index < 60; index += 1) await post("forge", {});
    expect(refused.filter(({ name }) => name === "forge")).toHaveLength(30);
    expect(runs).toHaveLength(30);
  });
});

describe("deliveries of others", () => {
  it("are taken as each signs and names them", async () => {
    const hex = createHmac("sha256", SECRET).update(BODY).digest("hex");
    const gitea = { "x-gitea-signature": hex, "x-gitea-delivery": "g1", "x-gitea-event": "issues" };
    expect((await post("forge", gitea)).status).toBe(202);
    const lab = JSON.stringify({ object_kind: "issue", object_attributes: { action: "open" } });
    expect((await post("lab", { "x-gitlab-token": SECRET, "idempotency-key": "l1" }, lab)).status).toBe(202);
    const at = new Date();
    const standard = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Standard(STANDARD_SECRET).sign("msg_1", at, BODY),
    };
    expect((await post("standard", standard)).status).toBe(202);
    const bearer = { authorization: "Bearer 0123456789abcdef" };
    for (const id of ["1", "1", "2"])
      expect((await post("script", { ...bearer, "idempotency-key": id })).status).toBe(202);
    // Without an id each is another one.
    expect((await post("script", bearer)).status).toBe(202);
    expect((await post("script", bearer)).status).toBe(202);
    expect(runs.map(({ webhook }) => [webhook?.name, webhook?.event])).toEqual([
      ["forge", "issues.labeled"],
      ["lab", "issue.open"],
      ["standard", undefined],
      ...Array<unknown>(4).fill(["script", undefined]),
    ]);
  });

  it("are refused when their time is long ago", async () => {
    const at = new Date(Date.now() - 6 * 60 * 1000);
    const late = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Standard(STANDARD_SECRET).sign("msg_1", at, BODY),
    };
    expect(codeOf(await post("standard", late))).toEqual([403, "webhook_refused"]);
    expect(runs).toEqual([]);
  });
});

describe("a webhook", () => {
  it("that nobody has configured is not there, and one without its secret waits for that", async () => {
    expect(codeOf(await post("nonsense", {}))).toEqual([404, "unknown_webhook"]);
    expect(codeOf(await post("%2e%2e%2fdefault", {}))).toEqual([404, "unknown_webhook"]);
    expect((await web.send("/hooks/demo/default")).status).toBe(404);
    const [status, code] = codeOf(await post("unset", {}));
    expect([status, code, refused[0]?.why]).toEqual([503, "webhook_unusable", "it is not there"]);
  });

  it("answers 503 while the daemon is away, and takes the delivery afterwards", async () => {
    await web.daemon.server.close();
    expect(codeOf(await fromGitHub("d1"))).toEqual([503, "daemon_not_running"]);
    await web.daemon.next();
    expect((await fromGitHub("d1")).status).toBe(202);
  });

  it("tells what the daemon refuses, and tries again with the same delivery", async () => {
    before = () => {
      throw new AgentdError("disk_low", { tried: "run a session", why: "there is no room" });
    };
    expect(codeOf(await fromGitHub("d1"))).toEqual([503, "disk_low"]);
    before = () => undefined;
    expect((await fromGitHub("d1")).status).toBe(202);
    expect(runs).toHaveLength(1);
  });

  it("starts nothing in read-only mode", async () => {
    await web.close();
    await start({ settings: { readOnly: true } });
    expect(codeOf(await fromGitHub("d1"))).toEqual([403, "read_only"]);
    expect(runs).toEqual([]);
  });
});

describe("an agentd web that ends at a step", () => {
  it.each(["delivery_noted", "delivery_accepted"] as const)(
    "starts the session of the delivery once, when it comes again: %s",
    async (label) => {
      await web.close();
      const directory = await mkdtemp(join(tmpdir(), "agentd-failpoints-"));
      await start({
        failpoints: failpointsOf({
          env: { AGENTD_FAILPOINTS: `${label}=fail@1`, AGENTD_FAILPOINTS_DIR: directory },
          pid: process.pid,
          crash: () => expect.unreachable(),
        }),
      });
      expect((await fromGitHub("d1")).status).toBe(500);
      expect(await readdir(directory)).toEqual([`${label}.1`]);
      expect((await fromGitHub("d1")).status).toBe(202);
      expect(codeOf(await fromGitHub("d1", `${BODY} `))).toEqual([409, "webhook_conflict"]);
      expect(runs).toHaveLength(1);
      await rm(directory, { recursive: true });
    },
  );
});
