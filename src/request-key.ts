import { createHash } from "node:crypto";

/** What stands for a request where only that one is looked for: 32 hex digits, whatever the client calls it. */
export function requestKey(requestId: string): string {
  return createHash("sha256").update(requestId).digest("hex").slice(0, 32);
}
