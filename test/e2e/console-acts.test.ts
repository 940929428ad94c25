/** What a person does in the console, in a real browser, and what becomes of it in the daemon. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AGENTD } from "../kit/agentd.mjs";
import { openPage, startBrowser } from "../kit/browser.ts";
import { freePort } from "../kit/free-ports.mjs";
import { publishing } from "../kit/publishing-world.ts";
import { Terminal } from "../kit/terminal.ts";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { inAWorld } from "./in-a-world.ts";
import { endWeb, openConsole } from "./open-console.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

async function jsonOf<T>(world: World, command: string): Promise<T> {
  const typed = await world.start(command);
  expect(await typed.end(), typed.story()).toBe(0);
  return JSON.parse(typed.stdout.toString()) as T;
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Presses a button that asks first, and says yes. */
async function confirm(page: Page, name: string): Promise<void> {
  await button(page, name).click();
  await page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
}

const goTo = async (page: Page, place: string): Promise<void> => {
  await page.evaluate(`location.hash = "${place}"`);
};

interface Shown {
  readonly kept: object | null;
  readonly published: { readonly branch: string | null } | null;
  readonly rerun_of: string | null;
}

interface ShownSchedule {
  readonly paused: { readonly until_timestamp: string | null } | null;
  readonly last_skip: { readonly reason: string } | null;
  readonly last_run: { readonly session_id: string } | null;
  readonly next_runs: readonly { readonly scheduled_timestamp: string }[];
}

describe("a person in the console", () => {
  it(
    "publishes, reruns, and removes what is kept, and then the record",
    inAWorld(async (world) => {
      await world.commitAgent("echo made > made.txt");
      const { branches, refuse, accept, close } = await publishing(world);
      onTestFinished(close);
      world.profileKeys["keep"] = "always";
      world.webKeys["listen"] = `127.0.0.1:${await freePort()}`;
      await refuse("not now");
      onTestFinished(() => endWeb(world));
      const run = await world.start("agentd run site-builder");
      expect(await run.end(), run.story()).toBe(0);
      const { id } = await world.record();
      const show = () => jsonOf<Shown>(world, `agentd show ${id} --json`);
      expect(await show()).toMatchObject({ kept: {} });
      expect(await branches()).toEqual([]);
      const { page, faults } = await openConsole(world, browser);

      await accept();
      await goTo(page, `/session/${id}`);
      await confirm(page, "Publish");
      await until("the branch", async () => (await branches()).length === 1);
      expect(await branches()).toEqual([expect.stringContaining(id) as string]);

      await confirm(page, "Remove what is kept");
      await until("the removal", async () => (await show()).kept === null);
      await button(page, "Remove what is kept").waitFor({ state: "detached" });

      await button(page, "Rerun").click();
      await until("another session", async () => (await world.records()).length === 2);
      const again = await world.record();
      await world.reaches(again, "sealed");
      expect(await again.document()).toMatchObject({ rerun_of: id });
      await page.waitForURL((url) => url.hash.startsWith(`#/session/${again.id}`));

      // The older record goes; what is kept of the newer one stays.
      await goTo(page, "/records");
      await page.getByLabel("Older than").fill("0");
      await page.getByLabel("and not among the newest").fill("1");
      await button(page, "Show what would go").click();
      await page.getByText("Would remove 1 record,", { exact: false }).waitFor();
      expect(await world.records()).toHaveLength(2);
      await confirm(page, "Remove");
      await page.getByText("Removed 1 record,", { exact: false }).waitFor();
      expect((await world.records()).map((record) => record.id)).toEqual([again.id]);
      const verified = await world.start("agentd audit verify --all");
      expect(await verified.end(), verified.story()).toBe(0);
      expect(faults).toEqual([]);
    }),
  );

  it(
    "pauses a schedule, resumes it, skips its next run, and has it run now",
    inAWorld(async (world) => {
      Object.assign(world.profileKeys, { schedule: "0 2 * * *", timezone: "Europe/Berlin" });
      world.webKeys["listen"] = `127.0.0.1:${await freePort()}`;
      await world.commitAgent("true");
      await world.daemon();
      onTestFinished(() => endWeb(world));
      const schedule = async () =>
        (await jsonOf<ShownSchedule[]>(world, "agentd schedule site-builder --json"))[0]!;
      const { page, faults } = await openConsole(world, browser);
      await goTo(page, "/schedules");

      await button(page, "Pause").click();
      await button(page, "Resume").waitFor();
      expect((await schedule()).paused).toMatchObject({ until_timestamp: null });
      await button(page, "Resume").click();
      await button(page, "Pause a week").waitFor();
      expect((await schedule()).paused).toBeNull();
      await button(page, "Pause a week").click();
      await button(page, "Resume").waitFor();
      expect((await schedule()).paused?.until_timestamp).toMatch(/Z$/);
      await button(page, "Resume").click();

      const [next] = (await schedule()).next_runs;
      await button(page, "Skip next").click();
      await until(
        "the skip",
        async () => (await schedule()).next_runs[0]?.scheduled_timestamp !== next?.scheduled_timestamp,
      );

      await button(page, "Run now").click();
      await until("the session", async () => (await world.records()).length === 1);
      const record = await world.record();
      await page.waitForURL((url) => url.hash.startsWith(`#/session/${record.id}`));
      await world.reaches(record, "sealed");
      expect(await record.document()).toMatchObject({ trigger: "schedule", outcome: "success" });
      expect(faults).toEqual([]);
    }),
  );

  it(
    "types agentd console at a terminal: the link is printed, and the browser of the desktop opens it, once",
    inAWorld(async (world) => {
      world.webKeys["listen"] = `127.0.0.1:${await freePort()}`;
      await world.commitAgent("true");
      const { sandbox } = await world.daemon();
      onTestFinished(() => endWeb(world));
      const { hostFiles } = world.house;
      // The desktop: it is told of a page, and shows that to the browser below.
      const open = `#!/bin/sh\nprintf '%s' "$*" >'${hostFiles}/told'\ncp "$1" '${hostFiles}/page.html'\n`;
      await mkdir(join(hostFiles, "desktop"));
      await writeFile(join(hostFiles, "desktop", "xdg-open"), open, { mode: 0o755 });
      const PATH = [join(hostFiles, "desktop"), dirname(AGENTD), sandbox.env["PATH"]].join(delimiter);
      const terminal = new Terminal(`agentd --socket ${sandbox.socketPath} console`, {
        ...sandbox.env,
        ...{ PATH, DISPLAY: ":7", TERM: "xterm-256color" },
      });
      expect(await terminal.end(), terminal.shown).toBe(0);
      const url = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(terminal.shown)?.[0] ?? "no link";
      const secret = new URL(url).hash.slice(1);
      expect(secret).not.toBe("");
      expect(await readFile(join(hostFiles, "told"), "utf8")).not.toContain(secret);
      expect(await readFile(join(hostFiles, "page.html"), "utf8")).toContain(`url=${url}"`);
      const { page } = await openPage(browser, `file://${hostFiles}/page.html`);
      onTestFinished(() => page.context().close());
      await page.getByText("live · ", { exact: false }).waitFor();
      const second = await openPage(browser, url);
      onTestFinished(() => second.page.context().close());
      await second.page.getByText("agentd console", { exact: false }).first().waitFor();
      expect(await second.page.getByText("live · ", { exact: false }).count()).toBe(0);
    }),
  );
});
