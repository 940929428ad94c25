/** What all requests of a session share. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Dispatcher } from "undici";
import type { VerdictOnce } from "../budget/verdict.ts";
import type { KnownIds } from "../metering/known-ids.ts";
import type { PriceBook } from "../prices/types.ts";
import type { Access } from "./access.ts";
import type { Books } from "./books.ts";
import type { Patience } from "./patience.ts";
import type { Refusals } from "./refusals.ts";
import type { BodyRoom } from "./request-body.ts";

export interface LlmSession {
  readonly access: Access;
  readonly books: Books;
  readonly prices: PriceBook;
  readonly verdict: VerdictOnce;
  readonly known: KnownIds;
  readonly bodies: BodyRoom;
  readonly dispatcher: Dispatcher;
  readonly patience: Patience;
  /** Monotonic clock, in milliseconds. */
  readonly clock: () => number;
  /** Aborted when the session is closed: what runs is cut. */
  readonly closing: AbortSignal;
  /** Of all its providers. */
  readonly refusals: Refusals;
}

/** Whether a text is the session's token, in a time that says nothing about it. */
export function isToken({ token }: Access, text: string | undefined): boolean {
  return timingSafeEqual(digest(token), digest(text ?? ""));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
