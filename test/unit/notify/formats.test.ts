import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { FeedEvent } from "../../../src/events/event.ts";
import { isSigningSecret, ntfyPost, pingPost, slackPost, standardPost } from "../../../src/notify/formats.ts";
import { noticeOf } from "../../../src/notify/notice.ts";
import { failureOf } from "../../../src/notify/occurrence.ts";
import { sealedEvent } from "../../kit/memory-feed.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SESSION = "0198f2a4c6e81234";
const URL_OF = "https://example.org/hook";

function notice(changes: Parameters<typeof sealedEvent>[2] = {}, linkTo?: (id: string) => string) {
  const event = { ...sealedEvent("demo", "launch_failed", changes), seq: 7 } as FeedEvent<"session.sealed">;
  const told = { key: "event/7", occurrence: failureOf(event, 1) };
  return noticeOf("team", told, { instance: "0a1b2c3d", host: "build-1", linkTo }, Date.now());
}

describe("a message for a program", () => {
  it("is accepted by the verifier of the Standard Webhooks, and by it alone as it is", () => {
    const { body, headers } = standardPost(notice(), { url: URL_OF, secret: SECRET, nowMs: Date.now() });
    const verifier = new Webhook(SECRET);
    expect(verifier.verify(body, { ...headers })).toMatchObject({
      type: "agentd.session.sealed",
      timestamp: "2026-02-03T04:05:06.789Z",
      data: { kind: "failure", title: "demo failed", profile: "demo", session_id: SESSION, link: null },
    });
    expect(() => verifier.verify(body.replace("demo", "other"), { ...headers })).toThrow();
    expect(() => verifier.verify(body, { ...headers, "webhook-id": "msg_other" })).toThrow();
    expect(() =>
      new Webhook("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").verify(body, { ...headers }),
    ).toThrow();
  });

  it("has the same id and body however often it is sent", () => {
    const [one, other] = [notice(), notice()];
    expect(one.id).toBe(other.id);
    const posts = [1, 2].map((nowMs) => standardPost(one, { url: URL_OF, secret: undefined, nowMs }));
    expect(posts[0]!.body).toBe(posts[1]!.body);
    expect(posts[0]!.headers).not.toHaveProperty("webhook-signature");
  });

  it.each([
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true],
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true],
    ["whsec_c2hvcnQ=", false],
    ["a phrase", false],
    ["", false],
  ])("is signed with a secret such as %s: %s", (secret, isOne) => {
    expect(isSigningSecret(secret)).toBe(isOne);
  });
});

describe("a message for people", () => {
  it("is the text of an incoming webhook of Slack", () => {
    // https://api.slack.com/messaging/webhooks: curl -H 'Content-type: application/json' --data '{"text":"Hello, World!"}'
    const { url, headers, body } = slackPost(notice({ cause: "no image <x> & y" }), URL_OF);
    expect({ url, headers }).toEqual({ url: URL_OF, headers: { "content-type": "application/json" } });
    expect(JSON.parse(body)).toEqual({
      text: `*demo failed*\nIts session ended as launch_failed. No image &lt;x&gt; &amp; y.\n\nLook: agentd show ${SESSION}\nagentd on build-1, 2026-02-03T04:05:06.789Z`,
    });
  });

  it("is the body and the headers of ntfy", () => {
    // https://docs.ntfy.sh/publish: -H "Title: …" -H "Priority: high" -H "Tags: warning,skull" -H "Click: https://…" -d "…"
    const post = ntfyPost(
      notice({ stage: "image" }, (id) => `https://console.example/#/sessions/${id}`),
      "https://ntfy.sh/mytopic",
    );
    expect(post.headers).toMatchObject({
      title: "demo failed",
      priority: "high",
      tags: "x",
      click: `https://console.example/#/sessions/${SESSION}`,
    });
    expect(post.body.split("\n")).toEqual([
      "Its session ended as launch_failed (stage image).",
      "",
      `Look: agentd show ${SESSION}`,
      `https://console.example/#/sessions/${SESSION}`,
      "agentd on build-1, 2026-02-03T04:05:06.789Z",
    ]);
    const title = "é";
    const strange = notice();
    const encoded = ntfyPost({ ...strange, occurrence: { ...strange.occurrence, title } }, URL_OF).headers[
      "title"
    ];
    expect(encoded).toBe("=?UTF-8?B?w6k=?=");
  });

  it("has a reason that others give on one line, and not without end", () => {
    const { why } = notice({ cause: `fatal: \u001b[31mno\r\naccess ${"x".repeat(10_000)}` }).occurrence;
    expect(why).toMatch(/^Its session ended as launch_failed\. Fatal: \[31mno access x+…$/);
    expect(why.length).toBeLessThan(600);
  });

  it("never has what a session printed", () => {
    const event = {
      ...sealedEvent("demo", "blocked", { cause: "PRINTED" }),
      seq: 1,
    } as FeedEvent<"session.sealed">;
    const told = { key: "event/1", occurrence: failureOf(event, 1) };
    const made = noticeOf("team", told, { instance: "0a1b2c3d", host: "h" }, 0);
    expect(JSON.stringify(made)).not.toContain("PRINTED");
    expect(made.occurrence.title).toBe("demo is blocked");
  });
});

describe("a ping", () => {
  it.each([
    ["https://hc-ping.com/0000-1111", "start", "https://hc-ping.com/0000-1111/start"],
    ["https://hc-ping.com/0000-1111/", "fail", "https://hc-ping.com/0000-1111/fail"],
    ["https://hc.example/ping/key/slug?create=1", "fail", "https://hc.example/ping/key/slug/fail?create=1"],
    ["https://hc-ping.com/0000-1111", "ok", "https://hc-ping.com/0000-1111"],
  ] as const)("to %s that says %s goes to %s", (url, signal, address) => {
    expect(pingPost(url, signal)).toEqual({ url: address, headers: {}, body: "" });
  });
});
