import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { inotifyFinding, processesFinding } from "../../../../src/cli/doctor/shared-limits.ts";

describe("the inotify instances of the user", () => {
  it.each([
    ["128\n", "warning", /share 128 inotify instances; a single session can use them all up/],
    ["8192\n", "ok", /share 8192 inotify instances$/],
  ])("are judged: %j", async (text, status, summary) => {
    const directory = await mkdtemp(join(tmpdir(), "agentd-inotify-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "max_user_instances");
    await writeFile(file, text);
    const found = await inotifyFinding(file);
    expect(found?.status).toBe(status);
    expect(found?.summary).toMatch(summary);
    expect(await inotifyFinding(join(directory, "missing"))).toBeUndefined();
  });
});

describe("the processes of all sessions together", () => {
  it.each([
    [2, 2048, 8000, "ok", "2 sessions may have up to 4096 processes in total, and this user may have 8000"],
    [
      2,
      2048,
      Infinity,
      "ok",
      "2 sessions may have up to 4096 processes in total, and this user has no limit",
    ],
    [
      4,
      2048,
      8192,
      "warning",
      "4 sessions may have up to 8192 processes in total, but this user may have only 8192",
    ],
  ])("are judged: %i times %i of %d", (maxSessions, pids, most, status, summary) => {
    const found = processesFinding({ maxSessions, pids }, most);
    expect(found.status).toBe(status);
    expect(found.summary).toContain(summary);
  });
});
