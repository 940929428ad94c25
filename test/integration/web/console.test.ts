/** The console in a real browser, before a small daemon. */
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, startBrowser } from "../../kit/browser.ts";
import { consoleScene, HOSTILE, LOG_LINES } from "../../kit/console-scene.ts";
import { startWebUnderTest, type WebUnderTest } from "../../kit/web-under-test.ts";

const BUILT = resolve(import.meta.dirname, "../../../dist/console");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const scene = consoleScene(Date.now());

let web: WebUnderTest;
let browser: Browser;
beforeAll(async () => {
  web = await startWebUnderTest({ handlers: scene.handlers });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await web.close();
});

const open = async (place = "/", options = {}) => {
  const opened = await openPage(browser, `${web.web.url}#login=${await web.mint()}`, options);
  await opened.page.waitForSelector("h1");
  await opened.page.evaluate(`location.hash = ${JSON.stringify(place)}`);
  return opened;
};

const sessionPage = `/session/${scene.running}`;

describe("the console", () => {
  it("is small enough to look at", () => {
    const bytes = ["console.js", "console.css", "index.html"].map(
      (name) => statSync(resolve(BUILT, name)).size,
    );
    expect(bytes[1]).toBeLessThanOrEqual(10 * 1024);
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(150 * 1024);
  });

  it("logs in by the link, and has the secret in no address afterwards", async () => {
    const { page, faults } = await open();
    expect(page.url()).toBe(`${web.web.url}#/`);
    expect(await page.textContent("h1")).toBe("2 running, 1 waiting");
    expect(await page.textContent("main")).toContain("its profile runs 1 of 1 at once");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("says what to do where there is no login", async () => {
    const { page, faults } = await openPage(browser, web.web.url);
    await page.waitForSelector(".empty");
    expect(await page.textContent(".empty")).toContain("agentd console");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it.each([
    ["now", "/"],
    ["sessions", "/sessions"],
    ["session", sessionPage],
  ])("shows hostile names, output and causes as text: %s", async (_name, place) => {
    const { page, faults } = await open(place);
    await page.getByText(HOSTILE, { exact: false }).last().waitFor();
    expect(await page.title()).toBe("agentd");
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("shows a log of millions of lines at its end, lets go of it, and goes to its beginning", async () => {
    const { page, faults } = await open(sessionPage);
    await page.getByText(String(LOG_LINES), { exact: true }).waitFor();
    await page.locator(".log").evaluate((log: { scrollTop: number }) => (log.scrollTop = 0));
    await page.locator(".lines > div").first().getByText("1", { exact: true }).waitFor();
    expect(await page.locator(".lines > div").count()).toBeLessThan(200);
    await page.getByText("To the end").click();
    await page.getByText(String(LOG_LINES), { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("shows the changes and the files of the record", async () => {
    const { page, faults } = await open(sessionPage);
    await page.getByRole("tab", { name: "Changes" }).click();
    await page.getByText("return inZone(date, zone);", { exact: false }).waitFor();
    await page.getByRole("tab", { name: "Record" }).click();
    await page.getByText("work/changes.patch", { exact: false }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("says that the daemon is away, keeps its page, and goes on when it is back", async () => {
    const { page, faults } = await open();
    await web.daemon.server.close();
    await page.getByText("agentd does not answer").waitFor();
    expect(await page.textContent("h1")).toBe("2 running, 1 waiting");
    await web.daemon.next();
    await page.getByText("live", { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it.each(
    ["/", "/sessions", sessionPage].flatMap((place) => [false, true].map((dark) => [place, dark] as const)),
  )("has nothing serious for people who see or use it otherwise: %s, dark: %s", async (place, dark) => {
    const { page } = await open(place, { dark });
    await page.waitForTimeout(500);
    // By the browser's own door: the page's policy lets no script in, this one neither.
    const client = await page.context().newCDPSession(page);
    await client.send("Runtime.evaluate", { expression: AXE });
    const { result } = await client.send("Runtime.evaluate", {
      expression: "axe.run().then(({violations}) => JSON.stringify(violations))",
      awaitPromise: true,
      returnByValue: true,
    });
    const found = JSON.parse(String(result.value)) as {
      id: string;
      impact: string;
      nodes: { html: string }[];
    }[];
    const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    await page.context().close();
  });

  it.each(["/", "/sessions", sessionPage])("fits a screen of 360 pixels: %s", async (place) => {
    const { page } = await open(place, { width: 360, height: 720 });
    await page.waitForTimeout(500);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(360);
    await page.context().close();
  });
});
