/** Opens a link with a secret in the operator's browser. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { runtimeDirectory } from "../../config/paths.ts";
import { writeNewFile } from "../../durable-files.ts";
import { AgentdError } from "../../errors.ts";
import { type LocalContext, say } from "../frame/context.ts";

/** The programs of a desktop hand the page over and end. */
const LIMIT_MS = 10_000;

/** Where the window is to appear. */
const DISPLAYS = ["WAYLAND_DISPLAY", "DISPLAY"];

/**
 * Opens it where there is a display. Every user of the host sees the command lines of `xdg-open` and of the browser, so they
 * name a page of this user's that leads to the link.
 *
 * A browser that cannot be opened is said on standard error: the link was printed.
 */
export async function openLink(url: string, context: LocalContext): Promise<void> {
  const { env } = context.installation.host;
  if (!DISPLAYS.some((name) => env[name])) return;
  try {
    const page = await writePage(url, runtimeDirectory(context.installation.host));
    await execa("xdg-open", [page], { env, extendEnv: false, stdio: "ignore", timeout: LIMIT_MS });
  } catch (error) {
    const why = error instanceof AgentdError ? error.message : "xdg-open failed";
    await say(context, `cannot open a browser: ${why}; open the link yourself`);
  }
}

async function writePage(url: string, directory: string): Promise<string> {
  const page = join(directory, "console.html");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // The last one: its secret is of no use any more.
  await rm(page, { force: true });
  await writeNewFile(page, `<!doctype html><meta http-equiv="refresh" content="0;url=${url}">\n`, 0o600);
  return page;
}
