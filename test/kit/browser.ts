/** Debian's Chromium before a page, which reports what must never happen in it. */
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

export interface OpenPage {
  readonly page: Page;
  /** Violations of the content security policy, errors of scripts, and requests to other origins. */
  readonly faults: readonly string[];
}

/** Starts the browser. Whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return await chromium.launch({
    executablePath: CHROMIUM,
    // A user namespace of its own is not to be had in every container.
    args: isRoot ? ["--no-sandbox"] : ["--disable-setuid-sandbox", "--no-sandbox"],
  });
}

/** Opens an address in a browser without cookies. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 900, dark = false } = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (/Content.Security.Policy|Trusted/i.test(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(request.url());
  });
  await page.goto(url);
  return { page, faults };
}
