/** The console's files: read once, answered by their exact paths. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hono } from "hono";
import { AgentdError, sentence } from "../../errors.ts";

const FILES = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/console.js", "console.js", "text/javascript; charset=utf-8"],
  ["/console.css", "console.css", "text/css; charset=utf-8"],
] as const;

/** A file as it is answered. */
export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** Reads them. @throws AgentdError `web_unusable` where the program is not built. */
export async function readPages(directory: string): Promise<PageFile[]> {
  try {
    return await Promise.all(
      FILES.map(async ([path, name, type]) => {
        const content = Uint8Array.from(await readFile(join(directory, name)));
        const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 32)}"`;
        return { path, type, content, etag };
      }),
    );
  } catch (error) {
    throw new AgentdError("web_unusable", {
      tried: "read the console's files",
      why: sentence(error),
      next: "Install agentd again, or run `npm run build` in the checkout.",
      cause: error,
    });
  }
}

/** Answers them, to everybody: they have no data, and a browser needs them to log in. */
export function addPages(app: Hono, pages: readonly PageFile[]): void {
  for (const { path, type, content, etag } of pages) {
    app.get(path, (context) => {
      const headers = { "content-type": type, "cache-control": "no-cache", etag };
      if (context.req.header("if-none-match") === etag) return context.body(null, 304, headers);
      return context.body(content, 200, headers);
    });
  }
}
