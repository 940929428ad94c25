/** The console in a real browser, on real sessions: what a person sees and does from the link to the proof. */
import { readFile, writeFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startBrowser } from "../kit/browser.ts";
import { freePort } from "../kit/free-ports.mjs";
import { provideModels } from "../kit/house/provider.ts";
import { MODEL } from "../kit/model-server.ts";
import type { World } from "../kit/world.ts";
import { killDaemon, letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";
import { endWeb, heading, openConsole } from "./open-console.ts";

const HOSTILE = "<img src=x onerror=alert(1)>";
const NUMBERS = 10_000;

/** Asks a model, is refused a host, prints colours, many lines and markup, and changes two files. */
const AGENT = `
wget -Y off -q -O /tmp/answer --header "x-api-key: $ANTHROPIC_API_KEY" --header "anthropic-version: 2023-06-01" \\
  --header "content-type: application/json" --header 'Content-Type: application/json' \\
  --post-data '{"model":"${MODEL}","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' "$ANTHROPIC_BASE_URL/v1/messages"
nc 127.0.0.1 8791 -e sh -c "printf 'GET http://telemetry.example/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'; cat > /tmp/denied"
seq 1 ${NUMBERS} | sed 's/^/needle number /'
printf '\\033[32mgreen\\033[0m ${HOSTILE}\\n'
mkdir -p src && echo 'const zone = "UTC"; // ${HOSTILE}' > src/date.ts && echo new > '${HOSTILE.replaceAll("/", "")}'
until [ -e .runa/go ]; do sleep 0.1; done
echo the last line
`;

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

/** Gives the world a provider, an allowlist, a schedule and an address for `agentd web`. */
async function furnish(world: World): Promise<void> {
  await provideModels(world);
  Object.assign(world.profileKeys, {
    ...{ llm: { providers: ["test"], max_usd: 1 }, network: "allowlist", allow: ["git.example:443"] },
    ...{ max_sessions: 1, schedule: "0 2 * * *", timezone: "Europe/Berlin" },
  });
  world.webKeys["listen"] = `127.0.0.1:${await freePort()}`;
  await world.commitAgent(AGENT);
}

const tab = async (page: Page, name: string): Promise<void> =>
  page.getByRole("tab", { name, exact: false }).click();

async function jsonOf(world: World, command: string): Promise<Record<string, unknown>> {
  const typed = await world.start(command);
  await typed.end();
  return JSON.parse(typed.stdout.toString()) as Record<string, unknown>;
}

async function downloaded(page: Page, name: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name, exact: true }).click(),
  ]);
  return await readFile(await download.path());
}

describe("the console on real sessions", () => {
  it(
    "leads from the link to the log, the changes and the proof, and does what a person asks for",
    inAWorld(async (world) => {
      await furnish(world);
      await world.daemon();
      const missing = await world.start("agentd console --no-start");
      expect(await missing.end()).toBe(1);
      expect(missing.stderr.toString()).toContain("web_not_running");
      onTestFinished(() => endWeb(world));
      const { page, faults } = await openConsole(world, browser);
      await heading(page, "0 running, 0 waiting").waitFor();

      // Run one by the form, and another that waits for it.
      for (const unit of ["issue-42", "issue-43"]) {
        await page.evaluate("location.hash = '/'");
        await page.getByRole("button", { name: "Run…" }).click();
        await page.getByLabel("Work unit").fill(unit);
        await page.getByLabel("Request").fill(`Fix the date picker. ${HOSTILE}`);
        await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
        await heading(page, unit).waitFor();
      }
      await page.getByText("Number 1 in the queue", { exact: false }).waitFor();
      await page.evaluate("location.hash = '/'");
      await heading(page, "1 running, 1 waiting").waitFor();
      await page.getByRole("link", { name: "issue-42", exact: false }).first().click();

      // The log: its end, the true number of matches, the last of them, a link to a line.
      await page.getByText("green", { exact: true }).waitFor();
      await page.getByText("Following", { exact: false }).waitFor();
      await page.getByRole("searchbox", { name: "Search the output" }).fill("NEEDLE");
      await page.keyboard.press("Enter");
      await page.getByText("1 of 10,000 lines").waitFor();
      await page.getByText("needle number 1", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Last" }).click();
      await page.locator(".marked", { hasText: `needle number ${NUMBERS}` }).waitFor();
      expect(page.url()).toMatch(/\/log\/\d+$/);
      await page.getByText("Let go", { exact: false }).waitFor();

      await tab(page, "Model");
      await page.getByRole("cell", { name: MODEL }).waitFor();
      await tab(page, "Network");
      await page.getByRole("row", { name: /telemetry\.example:80.*denied/ }).waitFor();

      // It ends under the open page.
      const [first] = await world.records();
      if (first === undefined) throw new Error("no record");
      await tab(page, "Changes");
      await page.getByText("exported when it ends", { exact: false }).waitFor();
      await writeFile(`${first.path}/runa/go`, "");
      await page.getByText("success", { exact: false }).first().waitFor();
      await page.getByText("src/date.ts", { exact: false }).first().waitFor();
      expect(await page.locator("main img").count()).toBe(0);
      await tab(page, "Record");
      await page.getByRole("button", { name: "Verify now" }).click();
      await page.getByText("against the seal, the key and the chain", { exact: false }).waitFor();
      await page.getByText("verified", { exact: true }).waitFor();
      expect((await downloaded(page, "Export")).subarray(0, 2).toString("hex")).toBe("1f8b");
      await tab(page, "Log");
      const log = (await downloaded(page, "Download")).toString();
      expect(log).toContain("needle number 1\n");
      expect(log.trimEnd().split("\n").at(-1)).toBe("the last line");
      await tab(page, "Input");
      await page.getByText(HOSTILE, { exact: false }).waitFor();

      // A new daemon under the open page.
      await page.evaluate("location.hash = '/'");
      await heading(page, "1 running, 0 waiting").waitFor();
      await killDaemon(world);
      await page.getByText("the daemon does not answer").waitFor();
      await world.startDaemonAgain();
      await page.getByText("live · ", { exact: false }).waitFor();
      await page.getByRole("link", { name: "issue-43", exact: false }).first().click();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
      await page.getByText("cancelled", { exact: false }).first().waitFor();
      await reaches(world, "sealed");

      // The other pages, each with what is true.
      await page.evaluate("location.hash = '/sessions'");
      await page.getByRole("row", { name: /cancelled.*issue-43/ }).waitFor();
      await page.evaluate("location.hash = '/usage'");
      await page.getByRole("img", { name: "Cost by day", exact: false }).waitFor();
      await page.getByRole("button", { name: "By model" }).click();
      await page.getByRole("row", { name: new RegExp(MODEL) }).waitFor();
      await page.evaluate("location.hash = '/profiles'");
      await page.getByText("git.example:443").waitFor();
      await page.getByText("50 %").waitFor();
      await page.evaluate("location.hash = '/schedules'");
      await page.getByRole("table", { name: "Week in Europe/Berlin" }).getByText("02:00").first().waitFor();
      await page.getByRole("button", { name: "Pause", exact: true }).click();
      await page.getByRole("button", { name: "Resume" }).waitFor();
      expect(JSON.stringify(await jsonOf(world, "agentd schedule --json"))).toContain('"since_timestamp"');
      await page.evaluate("location.hash = '/records'");
      await page.getByRole("button", { name: "Verify all" }).click();
      await page.getByText("2 verified", { exact: false }).waitFor();
      await page.getByRole("button", { name: "Show what would go" }).click();
      await page.getByText("Would remove 0 records", { exact: false }).waitFor();
      expect(faults).toEqual([]);
    }),
  );

  it(
    "shows and refuses in read-only mode what it may not do",
    inAWorld(async (world) => {
      await furnish(world);
      world.webKeys["read_only"] = true;
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      onTestFinished(() => endWeb(world));
      const { page, faults } = await openConsole(world, browser);
      await page.getByText("read-only", { exact: false }).waitFor();
      await heading(page, "1 running").waitFor();
      for (const place of ["/", `/session/${(await world.record()).id}`, "/profiles", "/schedules"]) {
        await page.evaluate(`location.hash = "${place}"`);
        await page.locator("main h1").waitFor();
        for (const name of ["Run…", "Stop", "Rerun", "Pause", "Run now"])
          expect(await page.getByRole("button", { name, exact: true }).count()).toBe(0);
      }
      const refused = await page.evaluate<number[]>(`Promise.all(
        [["/api/v1/run", {}], ["/console/publish", { session: "0".repeat(16) }], ["/console/prune", { older_than: "1d", keep: 0, remove: true }]].map(
          ([path, body]) => fetch(path, { method: "POST", headers: { "content-type": "application/json", "x-agentd": "1" }, body: JSON.stringify(body) })
            .then(({ status }) => status)))`);
      expect(refused).toEqual([403, 403, 403]);
      expect(faults).toEqual([]);
      await letGo(world);
      await reaches(world, "sealed");
    }),
  );
});
