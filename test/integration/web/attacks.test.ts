/** What a browser that is logged in does for a page of another port of this host, which is the same site for it. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser } from "../../kit/browser.ts";
import { view } from "../../kit/small-daemon.ts";
import { startWebUnderTest, type WebUnderTest } from "../../kit/web-under-test.ts";

const HOUR_MS = 60 * 60 * 1000;

let web: WebUnderTest;
let runs: number;
let now: number;
beforeAll(async () => {
  [runs, now] = [0, 0];
  web = await startWebUnderTest({
    monotonic: () => now,
    handlers: {
      run: async () => {
        runs += 1;
        return view();
      },
    },
  });
});
afterAll(() => web.close());

/** A server of somebody else on this host, whose page asks for what the script says. */
async function serveElsewhere(script: string): Promise<Server> {
  const server = createServer((_request, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<!doctype html><title>elsewhere</title><body><script>${script}</script>`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("a page of another port of this host", () => {
  it("starts nothing with the browser's login, learns nothing, and frames nothing", async () => {
    const params = JSON.stringify({ request_id: "r", profile: "demo" });
    const api = `${web.web.url}api/v1/`;
    const server = await serveElsewhere(`
      const tries = [
        () => fetch("${api}run", { method: "POST", credentials: "include", body: ${JSON.stringify(params)},
          headers: { "content-type": "application/json", "x-agentd": "1" } }),
        () => fetch("${api}run", { method: "POST", credentials: "include", mode: "no-cors", body: ${JSON.stringify(params)} }),
        () => fetch("${api}openapi.json", { credentials: "include" }),
        () => fetch("${web.web.url}metrics", { credentials: "include" }),
      ];
      const ask = async (go) => { try { return (await (await go()).text()).length; } catch { return "refused"; } };
      window.answers = Promise.all(tries.map(ask));
      const form = document.createElement("form");
      Object.assign(form, { method: "POST", action: "${api}run", enctype: "text/plain", target: "frame" });
      const field = document.createElement("input");
      Object.assign(field, { name: ${JSON.stringify(params.slice(0, -1))} + ', "x": "', value: '"}' });
      const frame = document.createElement("iframe");
      frame.name = "frame";
      form.append(field);
      document.body.append(frame, form);
      form.submit();
    `);
    const browser = await startBrowser();
    try {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${web.web.url}#login=${await web.mint()}`);
      await page.waitForSelector("h1");
      const cookies = await page.context().cookies();
      expect(cookies.map(({ name }) => name)).toEqual([`agentd-${web.port}`]);
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      const form = page.waitForResponse(
        (reply) => reply.request().isNavigationRequest() && reply.url().endsWith("/run"),
      );
      await page.goto(`http://127.0.0.1:${address.port}/`);
      expect(await page.evaluate("window.answers")).toEqual(Array(4).fill("refused"));
      // The browser has sent the login with it.
      const sent = await form;
      expect((await sent.request().allHeaders())["cookie"]).toContain(`agentd-${web.port}=`);
      expect(sent.status()).toBe(403);
      expect(runs).toBe(0);
      // The console's own page may, with the same cookie.
      await page.goto(web.web.url);
      const own = `fetch("/api/v1/run", { method: "POST", body: ${JSON.stringify(params)}, headers: { "content-type": "application/json", "x-agentd": "1" } })`;
      expect(await page.evaluate(`${own}.then((reply) => reply.status)`)).toBe(200);
      expect(runs).toBe(1);
    } finally {
      await browser.close();
      server.close();
    }
  });
});

describe("a secret for a login", () => {
  const logInWith = async (secret: string): Promise<number> =>
    (await web.send("/login", { method: "POST", headers: web.ownPage, body: JSON.stringify({ secret }) }))
      .status;

  it("is refused when it comes late, a second time, or while others guess", async () => {
    const [late, second, good] = [await web.mint(), await web.mint(), await web.mint()];
    expect(await logInWith(second)).toBe(200);
    expect(await logInWith(second)).toBe(403);
    now += 60_000;
    expect(await logInWith(late)).toBe(403);
    const fresh = await web.mint();
    for (let guess = 0; guess < 12; guess += 1) await logInWith(`${good}${guess}`);
    expect(await logInWith(fresh)).toBe(403);
    now += HOUR_MS;
    expect(await logInWith(await web.mint())).toBe(200);
  });
});
