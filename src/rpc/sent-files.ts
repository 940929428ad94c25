/** Files that a client sends to the daemon for a run to come, in pieces: no message is long. */
import type { Params } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import { CHUNK_BYTES, MAX_INLINE_BYTES, REQUEST_FILE } from "../input/rules.ts";
import type { SessionView } from "../session-document.ts";
import type { Caller, CallOptions } from "./client.ts";

/** How often files are sent again to a daemon that has restarted meanwhile. */
const TRIES = 5;

/** A file in memory, as a session is to get it. */
export interface SentFile {
  readonly kind: Params<"upload">["kind"];
  readonly name: string;
  readonly content: Buffer;
}

/** How a request travels: a short one in the run itself, a long one as a file before it. */
export function requestInPieces(request: Buffer): {
  readonly params: Pick<Params<"run">, "request" | "request_bytes">;
  readonly files: readonly SentFile[];
} {
  if (fitsLine(request)) return { params: { request: request.toString("utf8") }, files: [] };
  return {
    params: { request_bytes: request.length },
    files: [{ kind: "request", name: REQUEST_FILE, content: request }],
  };
}

/** What a run says of a file that is sent. */
export function nameAndSize({ name, content }: SentFile): { name: string; bytes: number } {
  return { name, bytes: content.length };
}

/**
 * Runs a session with its files. To a daemon that does not have them, because it has restarted, they are sent again.
 *
 * @throws AgentdError as the method `run`, and as `upload`.
 */
export async function runWithFiles(
  client: Caller,
  request: Params<"run">,
  files: readonly SentFile[],
  options: CallOptions = {},
): Promise<SessionView> {
  for (let tries = 1; ; tries += 1) {
    try {
      for (const file of files) await send(client, request.request_id, file, options);
      return await client.call("run", request, options);
    } catch (error) {
      const isMissing = error instanceof AgentdError && error.code === "upload_missing";
      if (!isMissing || tries === TRIES) throw error;
    }
  }
}

async function send(
  client: Caller,
  requestId: string,
  { kind, name, content }: SentFile,
  options: CallOptions,
): Promise<void> {
  let offset = 0;
  do {
    const data = content.subarray(offset, offset + CHUNK_BYTES).toString("base64");
    await client.call("upload", { request_id: requestId, kind, name, offset, data }, options);
    offset += CHUNK_BYTES;
  } while (offset < content.length);
}

/** A message has one line of bounded length, and JSON may write a character with six. */
function fitsLine(request: Buffer): boolean {
  if (request.length > MAX_INLINE_BYTES) return false;
  return Buffer.byteLength(JSON.stringify(request.toString("utf8"))) <= 2 * MAX_INLINE_BYTES;
}
