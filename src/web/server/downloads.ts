/** `GET /console/download…`: files for a person's disk. Whatever is in them, a browser does not show them. */
import { createReadStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Context, Hono } from "hono";
import { stream } from "hono/streaming";
import { MAX_LOG_LINES, MAX_PIECE_BYTES } from "../../api/limits.ts";
import type { LogLine } from "../../api/record-methods.ts";
import { AgentdError } from "../../errors.ts";
import { isThere } from "../../if-there.ts";
import type { Caller } from "../../rpc/client.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { commandFailed, type OwnCommands } from "../records/own-commands.ts";
import { type DoorOptions, enterToRead } from "./door.ts";

export interface DownloadOptions extends DoorOptions {
  readonly daemon: Caller;
  readonly commands: OwnCommands;
}

export function addDownloads(app: Hono, options: DownloadOptions): void {
  const { daemon } = options;
  app.get("/console/download/file", async (context) => {
    enterToRead(context, options);
    const path = context.req.query("path") ?? "";
    const ask = { session: sessionOf(context), path, limit: MAX_PIECE_BYTES };
    const { signal } = context.req.raw;
    // Before the answer begins, so that an error is one.
    let piece = await daemon.call("file", { ...ask, offset: 0 }, { signal });
    asDownload(context, path.split("/").at(-1) ?? "file", piece.bytes);
    return stream(context, async (out) => {
      for (let offset = 0; ;) {
        const bytes = Buffer.from(piece.data, "base64");
        if (bytes.length === 0 || out.aborted) return;
        await out.write(bytes);
        offset += bytes.length;
        if (offset >= piece.bytes) return;
        piece = await daemon.call("file", { ...ask, offset }, { signal });
      }
    });
  });
  app.get("/console/download/log", async (context) => {
    enterToRead(context, options);
    const session = sessionOf(context);
    const only = context.req.query("stream");
    const { signal } = context.req.raw;
    let part = await daemon.call("log", { session, from: 1, count: MAX_LOG_LINES }, { signal });
    asDownload(context, `${session}.log`, undefined);
    return stream(context, async (out) => {
      while (part.lines.length > 0 && !out.aborted) {
        await out.write(textOf(part.lines, only));
        const from = (part.lines.at(-1)?.line ?? 0) + 1;
        part = await daemon.call("log", { session, from, count: MAX_LOG_LINES }, { signal });
      }
    });
  });
  app.get("/console/download/record", async (context) => {
    enterToRead(context, options);
    return await sendRecord(context, sessionOf(context), options);
  });
}

/** The archive of `agentd audit export`, which is verified before. */
async function sendRecord(
  context: Context,
  session: string,
  { commands }: DownloadOptions,
): Promise<Response> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-web-"));
  const name = `agentd-${session}.tar.gz`;
  const path = join(directory, name);
  try {
    const args = ["audit", "export", session, "--output", path];
    const { stderr } = await commands.run(args, { signal: context.req.raw.signal });
    if (!(await isThere(path))) throw commandFailed(args, stderr);
    const content = createReadStream(path);
    content.once("close", () => void removeTree(directory));
    asDownload(context, name, undefined);
    return context.body(Readable.toWeb(content) as ReadableStream);
  } catch (error) {
    await removeTree(directory);
    throw error;
  }
}

function textOf(lines: readonly LogLine[], only: string | undefined): string {
  return lines
    .filter(({ stream: from }) => only === undefined || from === only)
    .map(({ text, goes_on: goesOn }) => (goesOn ? text : `${text}\n`))
    .join("");
}

function asDownload(context: Context, name: string, bytes: number | undefined): void {
  const ascii = name.replace(/[^\w.-]/g, "_").slice(0, 200);
  context.header("content-type", "application/octet-stream");
  context.header("content-disposition", `attachment; filename="${ascii}"`);
  if (bytes !== undefined) context.header("content-length", String(bytes));
}

/** @throws AgentdError `protocol_error`. */
function sessionOf({ req }: Context): string {
  const session = req.query("session") ?? "";
  if (/^[0-9a-f]{16}$/.test(session)) return session;
  throw new AgentdError("protocol_error", {
    tried: "answer a download",
    why: "session is no id of a session",
  });
}
