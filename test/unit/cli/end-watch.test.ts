import { describe, expect, it } from "vitest";
import { EndNotice } from "../../../src/cli/attend/end-watch.ts";
import { acceptedDocument, type SessionView } from "../../../src/session-document.ts";

function view(state: SessionView["state"], reason: string | null): SessionView {
  const document = acceptedDocument({
    profile: "site-builder",
    repo_url: "https://git.example/site.git",
    ref: null,
    work_unit: null,
    trigger: "manual",
    command: ["true"],
    image: "localhost/agent:latest",
    config_digest: "0".repeat(64),
    queued_timestamp: "2026-02-03T04:05:06.789Z",
  });
  const session_id = "0198f2a4c6e81234";
  const place = { paused_timestamp: null, position: null, kept: null, next_retry: null, record: "/r" };
  return { ...document, session_id, state, reason, ...place };
}

const said = (reason: string): string =>
  `session 0198f2a4c6e81234 has ended but is not sealed yet: ${reason}`;

describe("what is said of a session's end", () => {
  it("is nothing while the session waits or runs, however long that takes", () => {
    const notice = new EndNotice();
    for (const state of ["queued", "preparing", "running"] as const) {
      expect(notice.next(view(state, "a reason"), 0)).toBeUndefined();
      expect(notice.next(view(state, "a reason"), 1e9)).toBeUndefined();
    }
  });

  it("is what it waits for after ten seconds, once, and again whenever that changes", () => {
    const notice = new EndNotice();
    const at = (second: number, reason: string | null) =>
      notice.next(view("finishing", reason), second * 1000);
    expect(at(100, "sealing its record")).toBeUndefined();
    expect(at(109, "sealing its record")).toBeUndefined();
    expect(at(110, "sealing its record")).toBe(said("sealing its record"));
    expect(at(112, "sealing its record")).toBeUndefined();
    expect(at(114, "ENOSPC")).toBe(said("ENOSPC"));
    expect(at(400, "ENOSPC")).toBeUndefined();
    expect(at(402, "\u001b[2J")).toBe(said("\\x1b[2J"));
  });
});
