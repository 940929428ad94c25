import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../../src/audit/format/journal.ts";
import { restoreDocument } from "../../../src/audit/open/restore-document.ts";
import { acceptedDocument, type SessionState } from "../../../src/session-document.ts";

const accepted = {
  ...acceptedDocument({
    profile: "site-builder",
    repo_url: "https://git.example/site.git",
    ref: null,
    work_unit: "issue-42",
    trigger: "manual",
    image: "localhost/agent:latest",
    command: ["demo", "exec"],
    config_digest: "0".repeat(64),
    queued_timestamp: "2026-02-03T04:05:06.789Z",
  }),
  session_id: "0123456789abcdef",
};

function line(
  state: SessionState,
  event: string,
  details: Readonly<Record<string, unknown>> = {},
): JournalEntry {
  return { seq: 0, time: "2026-02-03T04:05:07.000Z", prev: "", state, event, ...details };
}

const found = line("preparing", "image_found", { image_digest: "sha256:1" });
const cloned = line("preparing", "cloned", { commit: "abc", warnings: ["It has submodules."] });

describe("the document of an open record", () => {
  it("is what was accepted, while nothing else is journaled", () => {
    expect(restoreDocument(accepted, [line("queued", "accepted")])).toEqual(accepted);
  });

  it("has what the launch found out and when the command was let go", () => {
    const created = line("preparing", "container_created", { warnings: ["No limits here."] });
    const opened = line("running", "gate_opened");
    const journal = [line("preparing", "started"), found, cloned, created, opened];
    expect(restoreDocument(accepted, journal)).toEqual({
      ...accepted,
      image_digest: "sha256:1",
      commit: "abc",
      warnings: ["It has submodules.", "No limits here."],
      start_timestamp: "2026-02-03T04:05:07.000Z",
    });
  });

  it("has the work that was exported, and why some was not", () => {
    const work = {
      ...{ head_commit: "def", commits: 2, files_changed: null, insertions: null, deletions: null },
      ...{ uncommitted: null, patch_bytes: null },
    };
    const warnings = ["The session's changed files were not exported: it takes too long."];
    expect(restoreDocument(accepted, [line("finishing", "exported", { ...work, warnings })])).toEqual({
      ...accepted,
      work,
      warnings,
    });
    expect(restoreDocument(accepted, [line("finishing", "export_failed", { warnings })])).toEqual({
      ...accepted,
      warnings,
    });
  });

  it("has what the session reached, and what happened to its network", () => {
    const egress = { allowed: ["a.example"], denied: [], allowed_count: 1, denied_count: 0 };
    const journal = [
      line("running", "network_restored", { warnings: ["It was gone."] }),
      line("finishing", "network_closed", { egress, warnings: ["Some is missing."] }),
    ];
    expect(restoreDocument(accepted, journal)).toEqual({
      ...accepted,
      egress,
      warnings: ["It was gone.", "Some is missing."],
    });
  });

  it("has what the session used of language models, and nothing of numbers that are not", () => {
    const llm = {
      ...{ requests: 2, refused: 1, input_tokens: 20, cached_tokens: 0, output_tokens: 40 },
      ...{ reasoning_tokens: 0, usd: 0.00006, models: ["test-model"], exact: true },
    };
    expect(restoreDocument(accepted, [line("finishing", "network_closed", { llm })])).toEqual({
      ...accepted,
      llm,
    });
    for (const broken of [null, undefined, "much", { ...llm, requests: "two" }]) {
      const journal = [line("finishing", "network_closed", { llm: broken })];
      expect(restoreDocument({ ...accepted, llm }, journal).llm).toBeNull();
    }
  });

  it("has where the session's work was published, and why it was not", () => {
    const published = {
      ...{ branch: "agentd/site-builder/7", commit: "a".repeat(40), url: "https://git.example/site.git" },
      request_url: null,
    };
    const journal = [line("finishing", "published", { ...published, warnings: ["It was there already."] })];
    expect(restoreDocument(accepted, journal)).toEqual({
      ...accepted,
      published,
      warnings: ["It was there already."],
    });
    const failed = [line("finishing", "publish_failed", { warnings: ["The server is away."] })];
    expect(restoreDocument(accepted, failed)).toEqual({ ...accepted, warnings: ["The server is away."] });
  });

  it("has nothing of a launch that was begun again", () => {
    const journal = [line("preparing", "started"), found, cloned, line("preparing", "started")];
    expect(restoreDocument(accepted, journal)).toEqual(accepted);
  });
});
