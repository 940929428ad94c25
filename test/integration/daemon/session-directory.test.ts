import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readView } from "../../../src/audit/read/record-view.ts";
import { selectRecords } from "../../../src/audit/read/select-records.ts";
import { type RecordQueries, SessionDirectory } from "../../../src/daemon/session-directory.ts";
import type { Intake } from "../../../src/sessions/intake.ts";
import { SessionFeed } from "../../../src/sessions/state/feed.ts";
import { sealed } from "../../kit/small-daemon.ts";

let auditRoot: string;

beforeEach(async () => {
  auditRoot = await mkdtemp(join(tmpdir(), "agentd-records-"));
});

afterEach(() => rm(auditRoot, { recursive: true }));

async function makeRecord(id: string, excludedCount: number): Promise<void> {
  const agentd = join(auditRoot, "demo", id, "agentd");
  await mkdir(agentd, { recursive: true });
  const entry = { path: `runa/${"link".repeat(10)}`, reason: "symbolic link to nowhere" };
  const excluded = Array.from({ length: excludedCount }, () => entry);
  await writeFile(join(agentd, "session.json"), JSON.stringify(sealed({ session_id: id, excluded })));
}

it("lists sealed sessions without what their seals left out, and reads no huge document for it", async () => {
  const [small, huge] = ["0000000000000001", "0000000000000002"];
  await makeRecord(small, 3);
  await makeRecord(huge, 20_000);
  const noneOpen: Pick<Intake, "get" | "openSessions"> = { get: () => undefined, openSessions: [] };
  const records: RecordQueries = {
    find: (id) => Promise.resolve({ id, directory: join(auditRoot, "demo", id) }),
    select: (filter) => selectRecords(auditRoot, filter),
    view: readView,
  };
  const directory = new SessionDirectory(noneOpen as unknown as Intake, records, new SessionFeed());
  const { signal } = new AbortController();
  const { sessions, unreadable } = await directory.all({ limit: 10, failed: false }, signal);
  expect(sessions).toMatchObject([{ session_id: small, excluded_count: null }]);
  expect(sessions[0]).not.toHaveProperty("excluded");
  expect(unreadable).toMatchObject([
    { session_id: huge, why: expect.stringContaining("at most 1048576 are read") as string },
  ]);
  expect((await directory.view(huge)).excluded).toHaveLength(20_000);
});
