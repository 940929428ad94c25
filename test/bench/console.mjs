/**
 * What the console does with a log of 200 MB in a real browser: opening it at its end, searching it, scrolling in it, following
 * one that grows as fast as a session can print; and what `agentd web` has in memory meanwhile.
 */
import { randomUUID } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { freePort } from "../kit/free-ports.mjs";
import { until } from "../kit/until.mjs";
import { connectWire } from "../kit/wire.mjs";
import { usageOf } from "./process-usage.mjs";
import { summarize } from "./statistics.mjs";

const PROFILE = "console-bench";
const BYTES = 200_000_000;
const MATCHES = 10_000;
const LAST = "the very last line";
const TIMEOUT_MS = 300_000;
/** Text of 80 bytes a line, a match every two hundredth or so, and a last line. */
const PRINT = [
  `yes ${"hay ".repeat(19)} | head -c ${BYTES / 2}`,
  `seq ${MATCHES} | sed 's/^/a needle /'`,
  `yes ${"hay ".repeat(19)} | head -c ${BYTES / 2}`,
  `echo; echo ${LAST}`,
].join("; ");

/** @type {import("./measurements.mjs").Measurement} */
export const consolePages = {
  name: "console",
  rounds: 3,
  async run({ sandbox, config, image, repository }, { rounds, progress, signal }) {
    const profile = { name: PROFILE, base_image: image, repo: repository.url, command: ["sh", "-c", PRINT] };
    const listen = `127.0.0.1:${await freePort()}`;
    await sandbox.writeConfig({ ...config, profiles: [...config.profiles, profile], web: { listen } });
    await sandbox.runJson(["reload", "--json"]);
    const wire = await connectWire(sandbox.socketPath);
    const web = sandbox.spawn(["web"], { timeoutMs: 0 });
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-setuid-sandbox"],
    });
    try {
      await until("agentd web answers", async () => (await link(sandbox)) !== undefined);
      const page = await (await browser.newContext()).newPage();
      await page.goto((await link(sandbox)) ?? "");
      await page.locator("h1").waitFor();
      const idle = await usageOf(web.pid ?? 0);
      progress("a session that prints 200 MB while a page follows it");
      const { session_id: session, record } = await wire.call("run", {
        request_id: randomUUID(),
        profile: PROFILE,
      });
      await show(page, session);
      const begin = performance.now();
      const log = join(record, "agentd/console.log");
      await until("all is printed", () => isPrinted(log), {
        timeoutMs: TIMEOUT_MS,
      });
      const printing = performance.now() - begin;
      const followed = await timed(() => page.getByText(LAST).waitFor({ timeout: TIMEOUT_MS }));
      await wire.call("wait", { session });
      /** @type {{ opened: number[], searched: number[], tasks: number[] }} */
      const found = { opened: [], searched: [], tasks: [] };
      for (let round = 1; round <= rounds; round += 1) {
        progress(`round ${round} of ${rounds}`);
        signal.throwIfAborted();
        await page.evaluate("location.hash = '/records'");
        await page.getByRole("heading", { name: "Records" }).waitFor();
        await watchTasks(page);
        found.opened.push(
          await timed(async () => {
            await show(page, session);
            await page.getByText(LAST).waitFor();
          }),
        );
        await page.getByRole("searchbox").fill("NEEDLE");
        found.searched.push(
          await timed(async () => {
            await page.keyboard.press("Enter");
            await page.getByText(`of ${MATCHES.toLocaleString("en")} lines`).waitFor({ timeout: TIMEOUT_MS });
          }),
        );
        await page.evaluate("window.longest = 0");
        await scroll(page);
        found.tasks.push(Number(await page.evaluate("window.longest")));
      }
      const busy = await usageOf(web.pid ?? 0);
      const median = (/** @type {number[]} */ values) => summarize(values).median;
      const megabytes = (await stat(log)).size / 1e6;
      return {
        samples: {},
        figures: [
          {
            what: "open a log of 200 MB at its end",
            against: "",
            value: median(found.opened),
            unit: "ms",
            goal: 1_000,
          },
          {
            what: `find ${MATCHES} lines in it`,
            against: "",
            value: median(found.searched),
            unit: "ms",
            goal: null,
          },
          {
            what: "longest task while scrolling through it",
            against: "",
            value: Math.max(...found.tasks),
            unit: "ms",
            goal: 200,
          },
          {
            what: "rate at which it was printed and followed",
            against: "",
            value: megabytes / (printing / 1_000),
            unit: "MB/s",
            goal: null,
          },
          {
            what: "behind its end when all was printed",
            against: "",
            value: followed,
            unit: "ms",
            goal: 1_000,
          },
          {
            what: "memory of agentd web after that",
            against: "idle",
            value: busy.residentMb - idle.residentMb,
            unit: "MB",
            goal: 100,
          },
        ],
      };
    } finally {
      await browser.close();
      web.kill("SIGTERM");
      await web;
      wire.close();
      await sandbox.writeConfig(config);
      await sandbox.runJson(["reload", "--json"]);
    }
  },
};

/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page @param {string} session */
async function show(page, session) {
  await page.evaluate(`location.hash = "/session/${session}"`);
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Notes the longest task of the page from now on. @param {Page} page */
async function watchTasks(page) {
  await page.evaluate(`
    window.longest = 0;
    window.watcher ??= new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    });
    window.watcher.observe({ type: "longtask" })`);
}

/** From the end to the beginning, in small steps and in large ones. @param {Page} page */
async function scroll(page) {
  await page.evaluate(`(async () => {
    const log = document.querySelector(".log");
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let step = 0; step < 120; step += 1) {
      log.scrollTop -= step % 2 === 0 ? 400 : log.scrollHeight / 60;
      await frame();
    }
  })()`);
}

/** @param {import("../kit/agentd.mjs").Sandbox} sandbox */
async function link(sandbox) {
  const { exitCode, stdout } = await sandbox.run(["console", "--no-open", "--no-start"]);
  return exitCode === 0 ? stdout.toString().trim() : undefined;
}

/** Whether the last line is in a log. @param {string} log */
async function isPrinted(log) {
  const file = await open(log).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(200), 0, 200, Math.max(0, size - 200));
    return buffer.includes(LAST);
  } finally {
    await file.close();
  }
}
