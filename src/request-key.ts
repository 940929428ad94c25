import { createHash } from "node:crypto";

/** The short form of a request id, for looking it up: 32 hex digits, for any id that a client chooses. */
export function requestKey(requestId: string): string {
  return createHash("sha256").update(requestId).digest("hex").slice(0, 32);
}
