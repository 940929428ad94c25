/**
 * Pictures of every page of the console, light and dark, wide and narrow: `npm run console:shots -- DIRECTORY [PAGE]`.
 * `npm run console:shots -- docs/images readme` makes those of the README.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunAgentd } from "../../src/web/records/own-commands.ts";
import { openPage, startBrowser } from "../kit/browser.ts";
import { consoleScene } from "../kit/console-scene.ts";
import { startWebUnderTest } from "../kit/web-under-test.ts";
import { commandAnswer } from "./command-answers.ts";

const [directory = "console-shots", only = ""] = process.argv.slice(2);
const isReadme = only === "readme";
const README = ["now", "session"];
const records = await mkdtemp(join(tmpdir(), "agentd-shots-"));
const scene = consoleScene(Date.now(), records, "zone-fix");
const PAGES: Readonly<Record<string, string>> = {
  now: "/",
  sessions: "/sessions",
  session: `/session/${scene.running}`,
  changes: `/session/${scene.ended}/changes`,
  model: `/session/${scene.running}/model`,
  network: `/session/${scene.running}/network`,
  input: `/session/${scene.ended}/input`,
  record: `/session/${scene.ended}/record`,
  profiles: "/profiles",
  schedules: "/schedules",
  usage: "/usage",
  records: "/records",
};
/** What is done on a page before its picture is taken. */
const BEFORE: Readonly<Record<string, string>> = { record: "Verify now", records: "Verify all" };

const runAgentd: RunAgentd = (args, { onLine }) => {
  onLine?.("40 of 40");
  return Promise.resolve({ stdout: JSON.stringify(commandAnswer(args)), stderr: "" });
};

await mkdir(directory, { recursive: true });
const web = await startWebUnderTest({ handlers: scene.handlers, runAgentd });
const browser = await startBrowser();
try {
  for (const dark of isReadme ? [false] : [false, true]) {
    for (const width of isReadme ? [1280] : [1280, 360]) {
      const url = `${web.web.url}#login=${await web.mint()}`;
      const { page, faults } = await openPage(browser, url, {
        width,
        height: width === 360 ? 800 : 860,
        dark,
      });
      await page.waitForSelector("h1");
      for (const [name, place] of Object.entries(PAGES)) {
        if (isReadme ? !README.includes(name) : only !== "" && name !== only) continue;
        await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
        await page.waitForTimeout(900);
        await page.waitForFunction(
          "!/^(Asking|Adding)|Following · 0 lines/m.test(document.body.innerText) && document.querySelector('.lines:empty') === null",
        );
        const button = BEFORE[name];
        if (button !== undefined) {
          await page.getByRole("button", { name: button }).click();
          await page.waitForTimeout(300);
        }
        if (isReadme) {
          const client = await page.context().newCDPSession(page);
          const { data } = await client.send("Page.captureScreenshot", { format: "webp", quality: 80 });
          await writeFile(join(directory, `console-${name}.webp`), data, "base64");
          continue;
        }
        const path = join(directory, `${name}-${dark ? "dark" : "light"}-${width}.png`);
        await page.screenshot({ path, fullPage: width === 360 });
      }
      for (const fault of faults) console.error(fault);
      await page.context().close();
    }
  }
} finally {
  await browser.close();
  await web.close();
  await rm(records, { recursive: true });
}
