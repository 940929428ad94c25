import { type Browser, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { type OpenPage, openPage } from "../kit/browser.ts";
import { signalProcessesWith } from "../kit/processes.mjs";
import type { World } from "../kit/world.ts";

/** Opens the console by a link of `agentd console`, which starts `agentd web` where it does not run. */
export async function openConsole(world: World, browser: Browser): Promise<OpenPage> {
  const { sandbox } = await world.daemon();
  const typed = await world.start(`agentd --socket ${sandbox.socketPath} console --no-open`);
  expect(await typed.end(), typed.story()).toBe(0);
  const opened = await openPage(browser, typed.stdout.toString().trim());
  await opened.page.getByText("live · ", { exact: false }).waitFor();
  onTestFinished(() => opened.page.context().close());
  return opened;
}

export async function endWeb(world: World): Promise<void> {
  const { sandbox } = await world.daemon();
  await signalProcessesWith(`web --socket ${sandbox.socketPath}`, "SIGTERM");
}

export const heading = (page: Page, name: string) =>
  page.getByRole("heading", { name, exact: false, level: 1 });
