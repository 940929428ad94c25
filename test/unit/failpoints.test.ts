import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failpointsOf } from "../../src/failpoints.ts";

let directory: string;
let crashes: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-failpoints-"));
  crashes = 0;
});
afterEach(() => rm(directory, { recursive: true }));

function armed(failpoints: string | undefined) {
  const env = { AGENTD_FAILPOINTS: failpoints, AGENTD_FAILPOINTS_DIR: directory };
  return failpointsOf({ env, pid: 42, crash: () => void (crashes += 1) });
}

describe("a failpoint", () => {
  it.each([undefined, "", "cloned=crash"])(
    "does nothing unless its label is armed: %s",
    async (failpoints) => {
      await armed(failpoints).reach("sealed");
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it("leaves a file for each hit, with the daemon's pid, and then acts", async () => {
    const { reach } = armed("cloned=crash,sealed=fail");
    await reach("cloned");
    await reach("cloned");
    await expect(reach("sealed")).rejects.toThrow("sealed");
    expect(crashes).toBe(2);
    expect((await readdir(directory)).sort()).toEqual(["cloned.1", "cloned.2", "sealed.1"]);
    expect(await readFile(join(directory, "cloned.1"), "utf8")).toBe("42\n");
  });

  it("acts at one hit alone when it is told to", async () => {
    const { reach } = armed("cloned=fail@2");
    await reach("cloned");
    await expect(reach("cloned")).rejects.toThrow();
    await reach("cloned");
    expect(await readdir(directory)).toEqual(["cloned.2"]);
  });

  it("waits until somebody says go", async () => {
    const events: string[] = [];
    const reached = armed("cloned=wait")
      .reach("cloned")
      .then(() => events.push("went on"));
    while ((await readdir(directory)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    events.push("said go");
    await writeFile(join(directory, "cloned.1.go"), "");
    await reached;
    expect(events).toEqual(["said go", "went on"]);
  });

  it("delays", async () => {
    await armed("cloned=delay:1").reach("cloned");
    expect(await readdir(directory)).toEqual(["cloned.1"]);
  });

  it.each(["cloned", "cloned=explode", "nowhere=crash", "cloned=delay", "cloned=crash@", "cloned=crash,"])(
    "is refused when it is misspelt: %s",
    (failpoints) => expect(() => armed(failpoints)).toThrow("arms no failpoint"),
  );

  it("is refused without a directory for its files", () => {
    const env = { AGENTD_FAILPOINTS: "cloned=crash" };
    expect(() => failpointsOf({ env, pid: 42, crash: () => undefined })).toThrow("AGENTD_FAILPOINTS_DIR");
  });
});
