/**
 * Whether a request comes from who has the secret, by its headers and the bytes of its body alone: nothing is parsed before.
 * Every comparison takes as long whatever is compared.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookKind } from "./hook.ts";

/** How far a sender's clock may be from ours, in milliseconds, where the time is signed. */
export const MOST_SKEW_MS = 5 * 60 * 1000;
/** A shorter secret could be guessed. */
export const LEAST_SECRET = 16;
const STANDARD_PREFIX = "whsec_";
/** Characters of the name of an event. */
export const MOST_EVENT = 200;
const DELIVERY_ID = /^[\x21-\x7e]{1,200}$/;

/** A request as it came. */
export interface Signed {
  /** Value of a header; undefined when there is none. */
  readonly header: (name: string) => string | undefined;
  readonly body: Buffer;
}

/** What headers say about a delivery. */
export interface Named {
  /** The sender's id of the delivery; undefined where it has none that can be used. */
  readonly delivery: string | undefined;
  /** Whether the sender names no deliveries, and need not: each request is another one. */
  readonly isAnonymous: boolean;
  /** What happened; undefined where the payload says it. */
  readonly event: string | undefined;
}

/** Why a secret cannot be used, as a clause; undefined for one that can. */
export function secretFault(kind: WebhookKind, secret: string): string | undefined {
  const isStandard = kind === "standard" || (kind === "gitlab" && secret.startsWith(STANDARD_PREFIX));
  if (isStandard && standardKey(secret) === undefined)
    return `it has to be ${STANDARD_PREFIX} and ${LEAST_SECRET} or more bytes in base64`;
  return secret.length < LEAST_SECRET ? `it has fewer than ${LEAST_SECRET} characters` : undefined;
}

/**
 * Why a request is refused, as a clause without values of the request; undefined for one that has the secret.
 *
 * @param secret one without a fault.
 * @param nowMs wall clock, in milliseconds since the epoch.
 */
export function signatureFault(
  kind: WebhookKind,
  secret: string,
  signed: Signed,
  nowMs: number,
): string | undefined {
  const { header, body } = signed;
  switch (kind) {
    case "github":
      return hexFault(
        "X-Hub-Signature-256",
        header("x-hub-signature-256")?.replace(/^sha256=/, ""),
        secret,
        body,
      );
    case "gitea": {
      const sent = header("x-gitea-signature") ?? header("x-forgejo-signature");
      return hexFault("X-Gitea-Signature", sent, secret, body);
    }
    case "gitlab":
      if (secret.startsWith(STANDARD_PREFIX)) return standardFault(secret, signed, nowMs);
      return secretFaultOf("X-Gitlab-Token", header("x-gitlab-token"), secret);
    case "standard":
      return standardFault(secret, signed, nowMs);
    case "bearer": {
      const [, sent] = /^Bearer +(\S+)$/i.exec(header("authorization") ?? "") ?? [];
      return secretFaultOf("Authorization: Bearer", sent, secret);
    }
  }
}

/** What the headers name. */
export function namedBy(kind: WebhookKind, header: Signed["header"]): Named {
  const [delivery, event] = ((): [string | undefined, string | undefined] => {
    switch (kind) {
      case "github":
        return [header("x-github-delivery"), header("x-github-event")];
      case "gitea":
        return [
          header("x-gitea-delivery") ?? header("x-forgejo-delivery"),
          header("x-gitea-event") ?? header("x-forgejo-event"),
        ];
      case "gitlab":
        return [
          header("webhook-id") ?? header("idempotency-key") ?? header("x-gitlab-event-uuid"),
          undefined,
        ];
      case "standard":
        return [header("webhook-id"), undefined];
      case "bearer":
        return [header("idempotency-key"), undefined];
    }
  })();
  const isUsable = delivery !== undefined && DELIVERY_ID.test(delivery);
  const isAnonymous = kind === "bearer" && delivery === undefined;
  return { delivery: isUsable ? delivery : undefined, isAnonymous, event: event?.slice(0, MOST_EVENT) };
}

function hexFault(name: string, sent: string | undefined, secret: string, body: Buffer): string | undefined {
  if (sent === undefined) return `it has no ${name}`;
  const wanted = createHmac("sha256", secret).update(body).digest();
  const given = /^[0-9a-f]{64}$/i.test(sent) ? Buffer.from(sent, "hex") : Buffer.alloc(wanted.length);
  return timingSafeEqual(given, wanted) ? undefined : `its ${name} is not that of the secret and the body`;
}

function secretFaultOf(name: string, sent: string | undefined, secret: string): string | undefined {
  if (sent === undefined) return `it has no ${name}`;
  return timingSafeEqual(digest(sent), digest(secret)) ? undefined : `its ${name} is not the secret`;
}

/** https://www.standardwebhooks.com, symmetric signatures. */
function standardFault(secret: string, { header, body }: Signed, nowMs: number): string | undefined {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(header);
  if (id === undefined || timestamp === undefined || signatures === undefined)
    return "it has not all of webhook-id, webhook-timestamp and webhook-signature";
  if (!/^\d{1,12}$/.test(timestamp)) return "its webhook-timestamp is no number of seconds";
  const wanted = createHmac("sha256", standardKey(secret) ?? "")
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest();
  const isSigned = signatures.split(" ").some((each) => {
    const [version, sent = ""] = each.split(",", 2);
    const given = Buffer.from(sent, "base64");
    return version === "v1" && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
  if (!isSigned) return "its webhook-signature is not that of the secret and the body";
  const isNear = Math.abs(nowMs - Number(timestamp) * 1000) <= MOST_SKEW_MS;
  return isNear ? undefined : "its webhook-timestamp is more than 5 minutes from this host's clock";
}

/** The bytes behind `whsec_…`; undefined where it is not that. */
function standardKey(secret: string): Buffer | undefined {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = text === undefined ? undefined : Buffer.from(text, "base64");
  return key !== undefined && key.length >= LEAST_SECRET ? key : undefined;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
