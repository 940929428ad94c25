import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  canWait,
  fingerprintOf,
  hostFilesOf,
  isLike,
  type Shape,
  type Surrounding,
} from "../../../src/local/likeness.ts";
import type { Mount, Profile } from "../../../src/profile/profile.ts";

const MOUNT: Mount = { source: "/srv/data", target: "/data", readOnly: true, relabel: "shared" };

function profile(changes: object = {}): Profile {
  return {
    name: "site-builder",
    baseImage: "localhost/x",
    mounts: [MOUNT],
    volumes: [],
    ...changes,
  } as unknown as Profile;
}

describe("canWait", () => {
  it("is true for mounts that any number of containers may have", () => {
    expect(canWait(profile())).toBe(true);
  });

  it("is false where a label is taken from one container for the other, and where a volume is one session's", () => {
    expect(canWait(profile({ mounts: [{ ...MOUNT, relabel: "private" }] }))).toBe(false);
    for (const mode of ["exclusive", "copy"])
      expect(canWait(profile({ volumes: [{ name: "cache", target: "/cache", mode }] }))).toBe(false);
  });
});

describe("isLike", () => {
  const made: Shape = { profile: profile(), longestMs: 1_000, hasInput: false };

  it("is true for the same, and for a session that conmon ends later than it has to end", () => {
    expect(isLike(made, { ...made, profile: profile() })).toBe(true);
    expect(isLike(made, { ...made, longestMs: 999 })).toBe(true);
  });

  it.each([
    ["another profile", { profile: profile({ baseImage: "localhost/y" }) }],
    ["a longer time limit", { longestMs: 1_001 }],
    ["no time limit", { longestMs: undefined }],
    ["an input", { hasInput: true }],
  ])("is false for %s", (_, changes) => {
    expect(isLike(made, { ...made, ...changes })).toBe(false);
  });

  it("is false where only the session has a time limit: nothing would end it while no daemon lives", () => {
    expect(isLike({ ...made, longestMs: undefined }, made)).toBe(false);
  });
});

describe("fingerprintOf", () => {
  it("changes with the image, the methodology, the network and every source, also under the same name", async () => {
    const root = await mkdtemp(join(tmpdir(), "agentd-likeness-"));
    try {
      const [source, methodology] = [join(root, "source"), join(root, "methodology")];
      const [copied, device] = [join(root, "resolv.conf"), join(root, "device")];
      await writeFile(device, "");
      await mkdir(source);
      await mkdir(methodology);
      const is: Surrounding = {
        imageId: "1",
        methodology: { directory: methodology, digest: "2" },
        mounts: [{ ...MOUNT, source }],
        networkEnvironment: { HTTP_PROXY: "x" },
        copied: [copied],
        devices: [device],
      };
      const first = await fingerprintOf(is);
      expect(await fingerprintOf({ ...is })).toBe(first);
      const others: Partial<Surrounding>[] = [
        { imageId: "2" },
        { methodology: { directory: methodology, digest: "3" } },
        { methodology: undefined },
        { mounts: [] },
        { networkEnvironment: {} },
        { copied: [] },
        { devices: [] },
      ];
      for (const other of others) expect(await fingerprintOf({ ...is, ...other })).not.toBe(first);
      await writeFile(copied, "nameserver 192.0.2.1");
      expect(await fingerprintOf(is)).not.toBe(first);
      await rename(device, `${device}.old`);
      await writeFile(device, "");
      await rm(copied);
      expect(await fingerprintOf(is)).not.toBe(first);
      for (const replaced of [source, methodology]) {
        const before = await fingerprintOf(is);
        await rename(replaced, `${replaced}.old`);
        await mkdir(replaced);
        expect(await fingerprintOf(is)).not.toBe(before);
      }
      await rm(source, { recursive: true });
      await expect(fingerprintOf(is)).rejects.toThrow("ENOENT");
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe("hostFilesOf", () => {
  const of = (changes: object) => hostFilesOf(profile({ network: "private", devices: [], ...changes }));

  it("is what knows other hosts, for a container that can reach them", () => {
    const files = ["/etc/hosts", "/etc/resolv.conf"];
    for (const network of ["private", "host"]) expect(of({ network }).copied).toEqual(files);
    for (const network of ["none", "allowlist"]) expect(of({ network }).copied).toEqual([]);
  });

  it("is a filter of system calls, and devices that are paths", () => {
    const changes = {
      network: "none",
      seccompProfile: "/srv/filter.json",
      devices: ["/dev/fuse", "x.y/gpu=0"],
    };
    expect(of(changes)).toEqual({ copied: ["/srv/filter.json"], devices: ["/dev/fuse"] });
  });
});
