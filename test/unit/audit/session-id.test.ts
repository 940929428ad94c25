import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { newSessionId, SESSION_ID, sessionIdTime } from "../../../src/audit/format/session-id.ts";

const NOW = Date.UTC(2026, 1, 3, 4, 5, 6, 789);

describe("a session id", () => {
  it("is 16 lowercase hex digits, the last five random", () => {
    const id = newSessionId(NOW, () => Uint8Array.of(0xab, 0xcd, 0xef));
    expect(id).toMatch(SESSION_ID);
    expect(id.slice(-5)).toBe("abcde");
  });

  it("tells when it was made", () => {
    expect(sessionIdTime(newSessionId(NOW, randomBytes))).toBe(NOW);
  });

  it("comes after every id of an earlier millisecond, whatever is random", () => {
    const earlier = newSessionId(NOW, () => Uint8Array.of(0xff, 0xff, 0xff));
    const later = newSessionId(NOW + 1, () => Uint8Array.of(0, 0, 0));
    expect(earlier < later).toBe(true);
  });

  it("holds times to the end of 44 bits", () => {
    const last = 2 ** 44 - 1;
    const id = newSessionId(last, randomBytes);
    expect(id).toMatch(SESSION_ID);
    expect(sessionIdTime(id)).toBe(last);
  });
});
