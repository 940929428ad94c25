/** The console in a real browser, before a small daemon. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, startBrowser } from "../../kit/browser.ts";
import { consoleScene, HOSTILE, LOG_LINES } from "../../kit/console-scene.ts";
import { sealed } from "../../kit/small-daemon.ts";
import { startWebUnderTest, type WebUnderTest } from "../../kit/web-under-test.ts";

const BUILT = resolve(import.meta.dirname, "../../../dist/console");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const records = mkdtempSync(join(tmpdir(), "agentd-console-"));
const scene = consoleScene(Date.now(), records);

let web: WebUnderTest;
let browser: Browser;
beforeAll(async () => {
  web = await startWebUnderTest({ handlers: scene.handlers });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await web.close();
  rmSync(records, { recursive: true });
});

const open = async (place = "/", options = {}) => {
  const opened = await openPage(browser, `${web.web.url}#login=${await web.mint()}`, options);
  await opened.page.waitForSelector("h1");
  await opened.page.evaluate(`location.hash = ${JSON.stringify(place)}`);
  return opened;
};

const sessionPage = `/session/${scene.running}`;
const part = (name: string): string => `/session/${scene.ended}/${name}`;
/** Every page, and every part of a session. */
const PLACES = [
  ...["/", "/sessions", "/profiles", "/schedules", "/usage", "/records", sessionPage],
  ...["changes", "model", "network", "input", "record"].map(part),
];

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

  it.each(["/", "/sessions", sessionPage, ...["changes", "model", "input", "record"].map(part)])(
    "shows hostile names, output, diffs and file names as text: %s",
    async (place) => {
      const { page, faults } = await open(place);
      await page.getByText(HOSTILE, { exact: false }).last().waitFor();
      expect(await page.title()).toBe("agentd");
      expect(await page.locator("main img, main script").count()).toBe(0);
      expect(faults).toEqual([]);
      await page.context().close();
    },
  );

  it("shows a log of millions of lines at its end, lets go of it, and goes to its beginning", async () => {
    const { page, faults } = await open(sessionPage);
    await page.getByText(String(LOG_LINES), { exact: true }).waitFor();
    await page.locator(".log").evaluate((log: { scrollTop: number }) => (log.scrollTop = 0));
    await page.locator(".lines > div").first().getByText("1", { exact: true }).waitFor();
    expect(await page.locator(".lines > div").count()).toBeLessThan(400);
    await page.getByText("To the end").click();
    await page.getByText(String(LOG_LINES), { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("counts the lines with a text in all of a log, and leads to the first and the last", async () => {
    const lines = Array.from({ length: 300_000 }, (_, index) => {
      const text = index % 30 === 7 ? "a Needle stdout" : `hay ${index}`;
      return `2026-01-02T03:04:05.000000000Z ${index % 2 === 0 ? "stdout" : "stderr"} F ${text}\n`;
    });
    writeFileSync(join(records, scene.running, "agentd", "console.log"), lines.join(""));
    const { page, faults } = await open(sessionPage);
    await page.getByText(String(LOG_LINES), { exact: true }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("nEEdle");
    await page.keyboard.press("Enter");
    await page.getByText("1 of 10,000 lines").waitFor();
    await page.locator(".marked").getByText("8", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Last" }).click();
    await page.getByText("10,000 of 10,000 lines").waitFor();
    await page.locator(".marked").getByText("299978", { exact: true }).waitFor();
    await page.getByRole("searchbox", { name: "Search the output" }).fill("stdout");
    await page.keyboard.press("Enter");
    // In what was printed alone, not in what conmon writes before it.
    await page.getByText("1 of 10,000 lines").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("shows the changes with their files, and the files of the record, by keys", async () => {
    const { page, faults } = await open(part("log"));
    await page.getByRole("tab", { name: "Changes" }).waitFor();
    await page.keyboard.press("2");
    await page.getByText("inZone(date, zone);", { exact: false }).waitFor();
    await page.getByRole("button", { name: "date.test.ts" }).waitFor();
    await page.keyboard.press("6");
    await page.getByText("work/changes.patch", { exact: false }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("goes from page to page, searches and helps by keys", async () => {
    const { page, faults } = await open();
    for (const [key, heading] of [
      ["s", "Sessions"],
      ["p", "Profiles"],
      ["c", "Schedules"],
      ["u", "Usage"],
      ["r", "Records"],
      ["n", "2 running, 1 waiting"],
    ] as const) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    }
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "issue-42", exact: false }).waitFor();
    await page.keyboard.press("/");
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe(
      "Search the output",
    );
    await page.keyboard.type("g?");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("looks for sessions by their words, outcome and trigger", async () => {
    const { page, faults } = await open("/sessions");
    const rows = page.locator("tbody tr");
    await page.getByRole("searchbox", { name: "Search sessions" }).fill("issue-5");
    await page.getByRole("link", { name: "issue-42" }).first().waitFor({ state: "detached" });
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(9);
    await page.getByLabel("Trigger").selectOption("schedule");
    await page.getByRole("link", { name: "issue-58" }).first().waitFor({ state: "detached" });
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(3);
    await page.getByLabel("Outcome").selectOption("llm_refused");
    await page.getByText("No session is like that", { exact: false }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("shows a thousand sessions by pages, forth and back, and finds one in all of them", async () => {
    const all = Array.from({ length: 1000 }, (_, index) => {
      const queued = new Date(Date.now() - index * 60_000).toISOString();
      const id = (1_000_000 - index).toString(16).padStart(16, "0");
      return sealed({ session_id: id, work_unit: `unit-${index}`, queued_timestamp: queued });
    });
    const many = await startWebUnderTest({
      handlers: {
        list: async ({ limit, until_timestamp: until = "9" }) => {
          const matching = all.filter(({ queued_timestamp: queued }) => queued <= until);
          return { sessions: matching.slice(0, limit), unreadable: [], total: matching.length };
        },
      },
    });
    const { page, faults } = await openPage(browser, `${many.web.url}#login=${await many.mint()}`);
    await page.locator("h1").waitFor();
    await page.evaluate("location.hash = '/sessions'");
    await page.getByText("1,000 sessions").waitFor();
    for (let first = 0; first < 1000; first += 100) {
      await page.getByText(`unit-${first}`, { exact: true }).waitFor();
      await page.getByText(`unit-${first + 99}`, { exact: true }).waitFor();
      await expect.poll(() => page.locator("tbody tr").count(), { timeout: 30_000 }).toBe(100);
      if (first < 900) await page.getByRole("button", { name: "Older" }).click();
    }
    await page.getByRole("button", { name: "Older" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Newer" }).click();
    await page.getByText("unit-800", { exact: true }).waitFor();
    await page.getByRole("searchbox", { name: "Search sessions" }).fill("UNIT-998");
    await page.getByText("unit-998", { exact: true }).waitFor();
    await expect.poll(() => page.locator("tbody tr").count(), { timeout: 30_000 }).toBe(1);
    expect(faults).toEqual([]);
    await page.context().close();
    await many.close();
  });

  it("says that the daemon is away, keeps its page, and goes on when it is back", async () => {
    const { page, faults } = await open();
    await web.daemon.server.close();
    await page.getByText("the daemon does not answer").waitFor();
    expect(await page.textContent("h1")).toBe("2 running, 1 waiting");
    await web.daemon.next();
    await page.getByText("live · server-1").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it.each([false, true])(
    "has nothing serious for people who see or use it otherwise, and fits 360 pixels, on every page; dark: %s",
    async (dark) => {
      const { page, faults } = await open("/", { dark });
      // By the browser's own door: the page's policy lets no script in, this one neither.
      const client = await page.context().newCDPSession(page);
      const serious: unknown[] = [];
      const tooWide: string[] = [];
      for (const place of PLACES) {
        await page.setViewportSize({ width: 1280, height: 900 });
        await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
        await page.locator("main h1").waitFor();
        await expect.poll(() => page.getByText(/^(?:Asking|Adding)/).count(), { timeout: 30_000 }).toBe(0);
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
        for (const { id, impact, nodes } of found) {
          if (impact === "serious" || impact === "critical")
            serious.push([place, id, nodes.map(({ html }) => html.slice(0, 200))]);
        }
        await page.setViewportSize({ width: 360, height: 720 });
        const width = await page.evaluate<number>("document.documentElement.scrollWidth");
        if (width > 360) tooWide.push(`${place}: ${width}`);
        const cut = await page.evaluate<string[]>(
          "[...document.querySelectorAll('td')].filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.innerText)",
        );
        if (cut.length > 0) tooWide.push(`${place}: ${cut.join(", ")}`);
      }
      expect(serious).toEqual([]);
      expect(tooWide).toEqual([]);
      expect(faults).toEqual([]);
      await page.context().close();
    },
  );
});
