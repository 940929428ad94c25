/** How each kind of receiver wants to be told: an address, headers and a body. */
import { createHmac } from "node:crypto";
import type { Post } from "../http-post.ts";
import { bodyText, type Notice, noticeJson } from "./notice.ts";

/** A secret of the Standard Webhooks, with its prefix or without. */
const SECRET = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/;

const JSON_TYPE = { "content-type": "application/json" };

/** Whether signatures can be made with it. */
export function isSigningSecret(secret: string): boolean {
  return keyOf(secret).length >= 16;
}

/**
 * As the Standard Webhooks say: https://www.standardwebhooks.com.
 *
 * @param secret undefined: it is not signed.
 */
export function standardPost(
  notice: Notice,
  {
    url,
    secret,
    nowMs,
  }: { readonly url: string; readonly secret: string | undefined; readonly nowMs: number },
): Post {
  const body = JSON.stringify(noticeJson(notice));
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature =
    secret === undefined
      ? {}
      : { "webhook-signature": signatureOf(secret, `${notice.id}.${timestamp}.${body}`) };
  return {
    url,
    body,
    headers: { ...JSON_TYPE, "webhook-id": notice.id, "webhook-timestamp": timestamp, ...signature },
  };
}

/** As Slack, Mattermost, Rocket.Chat, Google Chat and Discord's `/slack` take it. */
export function slackPost(notice: Notice, url: string): Post {
  const text = `*${escapeSlack(notice.occurrence.title)}*\n${escapeSlack(bodyText(notice))}`;
  return { url, headers: JSON_TYPE, body: JSON.stringify({ text }) };
}

/** As https://ntfy.sh takes it: text, and the rest in headers. */
export function ntfyPost(notice: Notice, url: string): Post {
  const { kind, title } = notice.occurrence;
  const click = notice.link === null ? {} : { click: notice.link };
  const headers = { title: headerText(title), priority: PRIORITIES[kind], tags: TAGS[kind], ...click };
  return {
    url,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: bodyText(notice),
  };
}

const PRIORITIES = {
  failure: "high",
  stalled: "high",
  daemon: "high",
  budget: "default",
  skipped: "default",
  recovery: "low",
} as const;

/** Short codes of emoji. */
const TAGS = {
  failure: "x",
  stalled: "hourglass",
  daemon: "warning",
  budget: "moneybag",
  skipped: "fast_forward",
  recovery: "white_check_mark",
} as const;

/** What a dead man's switch is told: that something begins, that it went well, or that it did not. */
export type PingSignal = "start" | "ok" | "fail";

/** As healthchecks.io and its like take it. */
export function pingPost(url: string, signal: PingSignal): Post {
  if (signal === "ok" || !URL.canParse(url)) return { url, headers: {}, body: "" };
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/$/, "")}/${signal}`;
  return { url: address.href, headers: {}, body: "" };
}

function signatureOf(secret: string, signed: string): string {
  return `v1,${createHmac("sha256", keyOf(secret)).update(signed).digest("base64")}`;
}

function keyOf(secret: string): Buffer {
  return Buffer.from(SECRET.exec(secret)?.[1] ?? "", "base64");
}

function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A header is ASCII; what is not goes into it as RFC 2047 says. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
}
