/** Signatures, with the programs of those who define them on the other side. */
import { createHmac } from "node:crypto";
import { sign } from "@octokit/webhooks-methods";
import { Webhook as Standard } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { namedBy, secretFault, signatureFault } from "../../../src/webhooks/signature.ts";

const SECRET = "It's a Secret to Everybody";
const NOW = Date.parse("2026-01-02T03:04:05Z");
const BODY = '{"action":"labeled","text":"Grüße"}';

function signed(headers: Readonly<Record<string, string>>, body = BODY) {
  return { header: (name: string) => headers[name], body: Buffer.from(body) };
}

describe("GitHub's signature", () => {
  it("is taken, as GitHub's documentation and its own library make it", async () => {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    const documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const example = signed({ "x-hub-signature-256": documented }, "Hello, World!");
    expect(signatureFault("github", SECRET, example, NOW)).toBeUndefined();
    const own = signed({ "x-hub-signature-256": await sign(SECRET, BODY) });
    expect(signatureFault("github", SECRET, own, NOW)).toBeUndefined();
  });

  it.each([
    ["of another secret", sign("another secret than that", BODY), BODY],
    ["of another body", sign(SECRET, BODY), `${BODY} `],
    ["that is cut short", sign(SECRET, BODY).then((text) => text.slice(0, -2)), BODY],
    ["that is no hex", Promise.resolve("sha256=nonsense"), BODY],
    ["that is empty", Promise.resolve(""), BODY],
  ])("is refused: %s", async (_what, signature, body) => {
    const request = signed({ "x-hub-signature-256": await signature }, body);
    expect(signatureFault("github", SECRET, request, NOW)).toContain("is not that of the secret");
  });

  it("is missed, also where another service's is there", () => {
    const other = signed({ "x-gitlab-token": SECRET, "x-hub-signature": "sha1=00" });
    expect(signatureFault("github", SECRET, other, NOW)).toBe("it has no X-Hub-Signature-256");
  });
});

describe("Gitea's signature", () => {
  it.each(["x-gitea-signature", "x-forgejo-signature"])("is taken from %s", (name) => {
    const hex = createHmac("sha256", SECRET).update(BODY).digest("hex");
    expect(signatureFault("gitea", SECRET, signed({ [name]: hex }), NOW)).toBeUndefined();
    expect(signatureFault("gitea", SECRET, signed({ [name]: hex }, "{}"), NOW)).toContain("is not that");
  });
});

describe("a secret that is sent itself", () => {
  it.each([
    ["gitlab", "x-gitlab-token", SECRET],
    ["bearer", "authorization", "Bearer 0123456789abcdef"],
  ] as const)("is compared: %s", (kind, name, value) => {
    const secret = value.replace("Bearer ", "");
    expect(signatureFault(kind, secret, signed({ [name]: value }), NOW)).toBeUndefined();
    expect(signatureFault(kind, secret, signed({ [name]: `${value}x` }), NOW)).toContain("is not the secret");
    expect(signatureFault(kind, secret, signed({ [name]: "" }), NOW)).toBeDefined();
  });
});

describe("Standard Webhooks", () => {
  const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
  const sender = new Standard(secret);

  function request(atMs: number, body = BODY) {
    const at = new Date(atMs);
    return signed(
      {
        "webhook-id": "msg_1",
        "webhook-timestamp": String(Math.floor(atMs / 1000)),
        "webhook-signature": `v1a,nonsense ${sender.sign("msg_1", at, BODY)}`,
      },
      body,
    );
  }

  it("are taken as the reference signs them, also from GitLab, and one of several signatures is enough", () => {
    for (const kind of ["standard", "gitlab"] as const)
      expect(signatureFault(kind, secret, request(NOW), NOW)).toBeUndefined();
  });

  it("are refused with another body, or a time that is too far away", () => {
    expect(signatureFault("standard", secret, request(NOW, "{}"), NOW)).toContain(
      "is not that of the secret",
    );
    for (const away of [-301_000, 301_000])
      expect(signatureFault("standard", secret, request(NOW + away), NOW)).toContain("more than 5 minutes");
    const { header } = request(NOW);
    const moved = (name: string) => (name === "webhook-timestamp" ? "1" : header(name));
    expect(signatureFault("standard", secret, { header: moved, body: Buffer.from(BODY) }, NOW)).toContain(
      "is not that of the secret",
    );
    expect(signatureFault("standard", secret, signed({}), NOW)).toContain("it has not all of");
  });
});

describe("a secret", () => {
  it("has to be long, and of the form that its service gives it", () => {
    expect(secretFault("github", "short")).toContain("fewer than 16");
    expect(secretFault("github", SECRET)).toBeUndefined();
    expect(secretFault("standard", SECRET)).toContain("whsec_");
    expect(secretFault("standard", "whsec_c2hvcnQ=")).toContain("whsec_");
    expect(secretFault("gitlab", "whsec_c2hvcnQ=")).toContain("whsec_");
  });
});

describe("the id of a delivery", () => {
  it("is what the service names", () => {
    const id = (kind: Parameters<typeof namedBy>[0], headers: Record<string, string>) =>
      namedBy(kind, (name) => headers[name]).delivery;
    expect(id("github", { "x-github-delivery": "a" })).toBe("a");
    expect(id("gitea", { "x-forgejo-delivery": "b" })).toBe("b");
    expect(id("gitlab", { "idempotency-key": "c", "x-gitlab-event-uuid": "d" })).toBe("c");
    expect(id("standard", { "webhook-id": "e" })).toBe("e");
    expect(id("github", { "x-github-delivery": "x".repeat(201) })).toBeUndefined();
    expect(id("github", { "x-github-delivery": "../../x y" })).toBeUndefined();
    expect(namedBy("bearer", () => undefined)).toMatchObject({ delivery: undefined, isAnonymous: true });
    expect(namedBy("bearer", () => "a b")).toMatchObject({ delivery: undefined, isAnonymous: false });
  });
});
