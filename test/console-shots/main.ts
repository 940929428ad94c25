/** Pictures of every page of the console, light and dark, wide and narrow: `npm run console:shots -- DIRECTORY`. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openPage, startBrowser } from "../kit/browser.ts";
import { consoleScene } from "../kit/console-scene.ts";
import { startWebUnderTest } from "../kit/web-under-test.ts";

const [directory = "console-shots"] = process.argv.slice(2);
const scene = consoleScene(Date.now());
const PAGES = { now: "/", sessions: "/sessions", session: `/session/${scene.running}` };

await mkdir(directory, { recursive: true });
const web = await startWebUnderTest({ handlers: scene.handlers });
const browser = await startBrowser();
try {
  for (const [name, place] of Object.entries(PAGES)) {
    for (const dark of [false, true]) {
      for (const width of [1280, 360]) {
        const url = `${web.web.url}#login=${await web.mint()}`;
        const { page } = await openPage(browser, url, { width, dark });
        await page.waitForSelector("h1");
        await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
        await page.waitForTimeout(1_000);
        const path = join(directory, `${name}-${dark ? "dark" : "light"}-${width}.png`);
        await page.screenshot({ path });
        await page.context().close();
      }
    }
  }
} finally {
  await browser.close();
  await web.close();
}
