import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { delegatedControllers, userManagerGroup } from "../../../src/podman/host/user-manager-group.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-cgroups-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

/** What a process finds that is told to be in this group. */
async function groupSeenIn(told: string): Promise<string | undefined> {
  const ownGroupFile = join(root, "cgroup");
  await writeFile(ownGroupFile, told);
  return await userManagerGroup({ ownGroupFile, root });
}

describe("the group of the user's service manager", () => {
  it.each([
    ["a service", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/agentd.service\n"],
    ["a login", "0::/user.slice/user-1000.slice/session-3.scope\n"],
  ])("is found from %s", async (_, told) => {
    expect(await groupSeenIn(told)).toBe(join(root, "user.slice/user-1000.slice/user@1000.service"));
  });

  it.each([
    ["a service of the system", "0::/system.slice/agentd.service\n"],
    ["groups of version 1", "1:cpu:/user.slice/user-1000.slice/user@1000.service\n"],
    ["a host that does not tell", ""],
  ])("is not there for %s", async (_, told) => {
    expect(await groupSeenIn(told)).toBeUndefined();
  });

  it("tells which controllers it may hand on", async () => {
    const group = join(root, "user@1000.service");
    await mkdir(group);
    await writeFile(join(group, "cgroup.controllers"), "cpu memory pids\n");
    expect(await delegatedControllers(group)).toEqual(["cpu", "memory", "pids"]);
    expect(await delegatedControllers(join(root, "missing"))).toEqual([]);
  });
});
