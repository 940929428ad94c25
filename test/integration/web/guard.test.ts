/** Who may ask `agentd web` what, over real connections. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webSocketPath } from "../../../src/config/socket-path.ts";
import { type Asking, send, startWebUnderTest, type WebUnderTest } from "../../kit/web-under-test.ts";

let web: WebUnderTest;
beforeAll(async () => {
  web = await startWebUnderTest();
});
afterAll(async () => {
  await web.close();
});

const status = (asking: Asking): Promise<[number, string]> => codeOf("/api/v1/status", asking);

async function codeOf(path: string, asking: Asking): Promise<[number, string]> {
  const reply = await web.send(path, { method: "POST", body: "{}", ...asking });
  return [reply.status, reply.status === 200 ? "ok" : reply.json().error.code];
}

describe("a request for another name", () => {
  it.each(["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:7788"])(
    "is refused: %j",
    async (host) => {
      for (const path of ["/livez", "/metrics", "/api/v1/status"]) {
        const reply = await web.send(path, { headers: { host } });
        expect([reply.status, path]).toEqual([421, path]);
        expect(reply.json().error.code).toBe("host_unknown");
      }
    },
  );

  it("is answered by every name of a loopback address", async () => {
    for (const name of ["127.0.0.1", "localhost", "[::1]"])
      expect((await web.send("/livez", { headers: { host: `${name}:${web.port}` } })).status).toBe(200);
  });
});

describe("a request of a browser", () => {
  it("is answered with the cookie of a login, and not without", async () => {
    expect(await status({ headers: web.ownPage })).toEqual([401, "login_required"]);
    expect(await status({ headers: await web.logIn() })).toEqual([200, "ok"]);
    const wrong = { ...web.ownPage, cookie: `agentd-${web.port}=guessed` };
    expect(await status({ headers: wrong })).toEqual([401, "login_required"]);
  });

  it("gets a cookie that no script reads and no other site sends", async () => {
    const body = JSON.stringify({ secret: await web.mint() });
    const { headers } = await web.send("/login", { method: "POST", headers: web.ownPage, body });
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect(cookie).toMatch(new RegExp(`^agentd-${web.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`));
  });

  it.each([
    ["of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["of another port of this host", { origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-site" }],
    ["of a page without an origin", { origin: "null" }],
    ["by a form", { "content-type": "text/plain" }],
    ["without the header of the pages", { "x-agentd": "" }],
    ["that says it is the same site", { "sec-fetch-site": "same-site" }],
  ])("is refused with a good cookie: %s", async (_what, headers) => {
    const own = await web.logIn();
    const [code, why] = await status({ headers: { ...own, ...headers } });
    expect(code, why).toBeGreaterThanOrEqual(400);
    expect(["origin_refused", "protocol_error"]).toContain(why);
  });

  it("is refused with a good cookie and no Origin, and as a GET", async () => {
    const { origin: _origin, ...own } = await web.logIn();
    expect(await status({ headers: own })).toEqual([403, "origin_refused"]);
    const reply = await web.send("/api/v1/status", { headers: await web.logIn() });
    expect([reply.status, reply.json().error.code]).toEqual([404, "page_missing"]);
  });

  it("may log out", async () => {
    const own = await web.logIn();
    expect(await codeOf("/logout", { headers: own })).toEqual([200, "ok"]);
    expect(await status({ headers: own })).toEqual([401, "login_required"]);
  });

  it("never learns whether another origin may read the answer", async () => {
    const reply = await web.send("/api/v1/status", { method: "OPTIONS", headers: await web.logIn() });
    const cors = Object.keys(reply.headers).filter((name) => name.startsWith("access-control-"));
    expect([reply.status, cors]).toEqual([404, []]);
  });
});

describe("a secret for a login", () => {
  const logInWith = (secret: unknown): Promise<[number, string]> =>
    codeOf("/login", { headers: web.ownPage, body: JSON.stringify({ secret }) });

  it("works once, and none that was made up does", async () => {
    const secret = await web.mint();
    expect(await logInWith(secret)).toEqual([200, "ok"]);
    expect(await logInWith(secret)).toEqual([403, "login_refused"]);
    expect(await logInWith("guessed")).toEqual([403, "login_refused"]);
    expect(await logInWith(7)).toEqual([403, "login_refused"]);
  });

  it("is only taken from the console's own page", async () => {
    const headers = { ...web.ownPage, origin: "http://127.0.0.1:1" };
    const body = JSON.stringify({ secret: await web.mint() });
    expect(await codeOf("/login", { headers, body })).toEqual([403, "origin_refused"]);
  });

  it("is made over a socket that only this user can reach, and is in no log", async () => {
    const socketPath = webSocketPath(web.daemon.path);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    const secret = await web.mint();
    await logInWith(secret);
    expect(web.log.join("")).not.toContain(secret);
    const revoked = await send({ socketPath }, "/revoke", { method: "POST" });
    expect(revoked.json().ended).toBeGreaterThan(0);
  });
});

describe("a request of a script", () => {
  it("is answered with the token, and not with another", async () => {
    expect(await status({ headers: web.asScript })).toEqual([200, "ok"]);
    for (const authorization of ["Bearer wrong", "Bearer", `Basic ${web.token}`, `Bearer ${web.token}x`])
      expect(await status({ headers: { ...web.asScript, authorization } })).toEqual([401, "login_required"]);
  });

  it("is refused when a browser sends it", async () => {
    const headers = { ...web.asScript, origin: `http://127.0.0.1:${web.port}` };
    expect(await status({ headers })).toEqual([403, "origin_refused"]);
  });

  it("has its token in a file that only this user reads, and in no log", async () => {
    const { mode } = await stat(join(web.daemon.directory, "state", "web-token"));
    expect(mode & 0o777).toBe(0o600);
    expect(web.log.join("")).not.toContain(web.token);
  });
});

describe("every answer", () => {
  it.each(["/livez", "/nothing", "/api/v1/openapi.json"])(
    "forbids what it does not need: %s",
    async (path) => {
      const { headers } = await web.send(path);
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
      });
    },
  );
});

describe("read-only mode", () => {
  it("shows, and refuses what changes something, for browsers and scripts", async () => {
    const other = await startWebUnderTest({
      settings: { readOnly: true },
      handlers: { run: () => expect.unreachable("a session was started") },
    });
    try {
      for (const headers of [other.asScript, await other.logIn()]) {
        const asking = { method: "POST", headers, body: "{}" };
        expect((await other.send("/api/v1/status", asking)).status).toBe(200);
        for (const method of ["run", "rerun", "stop", "pause", "resume", "reload", "upload"]) {
          const reply = await other.send(`/api/v1/${method}`, asking);
          expect([method, reply.status, reply.json().error.code]).toEqual([method, 403, "read_only"]);
        }
      }
    } finally {
      await other.close();
    }
  });
});
