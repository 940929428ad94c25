import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { delegatedControllers } from "../../../src/podman/delegated-controllers.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-cgroups-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** What a process in this group is told, with the groups of a user's service manager. */
async function delegatedIn(group: string): Promise<readonly string[]> {
  const manager = join(directory, "user.slice/user-1000.slice/user@1000.service");
  await mkdir(manager, { recursive: true });
  await writeFile(join(manager, "cgroup.controllers"), "cpu memory pids\n");
  await writeFile(join(directory, "cgroup"), group);
  return await delegatedControllers(join(directory, "cgroup"), directory);
}

describe("the delegated controllers", () => {
  it("are those of the user's service manager, whichever of its units this is", async () => {
    const unit = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/agentd.service\n";
    expect(await delegatedIn(unit)).toEqual(["cpu", "memory", "pids"]);
  });

  it("are none outside of one, and where cgroups are not version 2", async () => {
    expect(await delegatedIn("0::/user.slice/user-1000.slice/session-3.scope\n")).toEqual([]);
    expect(await delegatedIn("1:cpu:/user.slice/user-1000.slice/user@1000.service\n")).toEqual([]);
    expect(await delegatedControllers(join(directory, "missing"), directory)).toEqual([]);
  });
});
