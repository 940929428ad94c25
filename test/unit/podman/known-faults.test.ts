import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { knownFault } from "../../../src/podman/host/runtime-cves.ts";

let changelogs: string;

beforeEach(async () => {
  changelogs = await mkdtemp(join(tmpdir(), "agentd-changelogs-"));
  await mkdir(join(changelogs, "runc"));
});

afterEach(() => rm(changelogs, { recursive: true }));

describe("a fault of a version", () => {
  it.each([
    ["1.1.5+ds1", true],
    ["1.2.7", true],
    ["1.2.8", false],
    ["1.3.2", true],
    ["1.3.3", false],
    ["1.4.0", false],
    ["2.0.0", false],
  ])("is known of runc %s: %s", async (version, isKnown) => {
    expect((await knownFault("runc", version, changelogs)) !== undefined).toBe(isKnown);
  });

  it("is not known of other programs", async () => {
    expect(await knownFault("crun", "1.1.5", changelogs)).toBeUndefined();
  });

  it("is none where the distribution has fixed the version", async () => {
    const changelog = "runc (1.1.15+ds1-2+deb13u1) trixie-security; urgency=high\n\n  * Fix CVE-2025-31133\n";
    await writeFile(join(changelogs, "runc", "changelog.Debian.gz"), gzipSync(changelog));
    expect(await knownFault("runc", "1.1.15+ds1", changelogs)).toBeUndefined();
  });
});
