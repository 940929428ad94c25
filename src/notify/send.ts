/** Sending one message to one target, once. */
import type { Dispatcher } from "undici";
import type { Environment } from "../environment.ts";
import { runHostProgram } from "../host-program.ts";
import { type Post, post, type PostResult } from "../http-post.ts";
import type { Logger } from "../log.ts";
import { isSigningSecret, ntfyPost, pingPost, type PingSignal, slackPost, standardPost } from "./formats.ts";
import { type Notice, noticeJson } from "./notice.ts";
import type { NotifyTarget } from "./target.ts";

export interface SendHost {
  /** The daemon's; a program gets a few names of it. */
  readonly environment: Environment;
  /** Variables with addresses and secrets, as they are now. */
  readonly variables: () => Environment;
  /** As `PostOptions`. */
  readonly connect: () => Promise<Dispatcher>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

const COMMAND_LIMIT_MS = 30_000;

/** Sends. @throws the signal's reason. */
export async function send(
  { name, via }: NotifyTarget,
  notice: Notice,
  host: SendHost,
  signal: AbortSignal,
): Promise<PostResult> {
  if (via.kind === "command") return await run(name, via.command, notice, host, signal);
  const { now, connect } = host;
  const url = host.variables()[via.urlSource];
  if (url === undefined || url === "") return unset(via.urlSource);
  const made = postOf(via, notice, url, host);
  return "kind" in made ? made : await post(made, { connect, now, signal });
}

/** Tells a dead man's switch. @throws the signal's reason. */
export async function ping(
  { via }: NotifyTarget,
  what: PingSignal,
  { variables, connect, now }: SendHost,
  signal: AbortSignal,
): Promise<PostResult> {
  if (via.kind !== "url") throw new TypeError("a ping needs an address");
  const url = variables()[via.urlSource];
  if (url === undefined || url === "") return unset(via.urlSource);
  return await post(pingPost(url, what), { connect, now, signal });
}

function postOf(
  via: Extract<NotifyTarget["via"], { kind: "url" }>,
  notice: Notice,
  url: string,
  { variables, now }: SendHost,
): Post | PostResult {
  if (via.format === "slack") return slackPost(notice, url);
  if (via.format === "ntfy") return ntfyPost(notice, url);
  if (via.format === "ping") return pingPost(url, "ok");
  const { secretSource } = via;
  const secret = secretSource === undefined ? undefined : variables()[secretSource];
  if (secretSource !== undefined && (secret === undefined || secret === "")) return unset(secretSource);
  if (secret !== undefined && !isSigningSecret(secret))
    return {
      kind: "failed",
      why: `${secretSource} is no secret for signatures: it has to be whsec_ and base64`,
    };
  return standardPost(notice, { url, secret, nowMs: now() });
}

/** It may be set later. */
function unset(source: string): PostResult {
  return { kind: "failed", why: `${source} is not set in credentials.env` };
}

async function run(
  name: string,
  command: readonly string[],
  notice: Notice,
  { environment, log }: SendHost,
  signal: AbortSignal,
): Promise<PostResult> {
  const input = `${JSON.stringify(noticeJson(notice))}\n`;
  const { why, output } = await runHostProgram(command, {
    environment,
    input,
    limitMs: COMMAND_LIMIT_MS,
    signal,
  });
  signal.throwIfAborted();
  log.info({ notify: name, id: notice.id, command, output, why }, "notification program ended");
  return why === undefined ? { kind: "accepted" } : { kind: "failed", why };
}
