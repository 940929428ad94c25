import { describe, expect, it } from "vitest";
import {
  absoluteTarget,
  exclusiveVolumes,
  volumeId,
  volumeTargetFaults,
} from "../../../src/profile/rules/volumes.ts";

describe("the name of a volume", () => {
  it("has its profile, or that it is shared", () => {
    expect(volumeId("demo", { name: "cache", shared: false })).toBe("demo/cache");
    expect(volumeId("demo", { name: "cache", shared: true })).toBe("@shared/cache");
  });

  it("is claimed by a session that gets no copy", () => {
    const volumes = [
      { name: "own", shared: false, mode: "exclusive" },
      { name: "all", shared: true, mode: "exclusive" },
      { name: "copied", shared: true, mode: "copy" },
    ] as const;
    expect(exclusiveVolumes({ name: "demo", volumes })).toEqual(["demo/own", "@shared/all"]);
  });
});

describe("the target of a volume", () => {
  it("may be in the home", () => {
    expect(absoluteTarget("~/.npm", "demo")).toBe("/home/demo/.npm");
    expect(absoluteTarget("/cache", "demo")).toBe("/cache");
  });

  it.each<[string, string[], string[], string | undefined]>([
    ["~/.npm", [], [], undefined],
    ["/cache", ["/data"], [], undefined],
    [".npm", [], [], "must be an absolute path in the container, or begin with ~/"],
    ["~/../x", [], [], "must not contain . or .. or extra slashes"],
    ["~/repo/node_modules", [], [], "must not be in /home/demo/repo, which agentd reserves"],
    ["/home/demo/repo/.runa", [], [], "must not be in /home/demo/repo, which agentd reserves"],
    ["/agentd/input", [], [], "must not be in /agentd, which agentd reserves"],
    ["/home/demo", [], [], "must not hide /home/demo/repo, which agentd mounts itself"],
    ["/proc/x", [], [], "must not be in /proc, which belongs to the kernel"],
    ["~/.npm", ["/home/demo/.npm"], [], "another mount of this profile already has this target"],
    ["~/.npm/x", [], ["/home/demo/.npm"], "overlaps with the mount at /home/demo/.npm"],
  ])("%s beside mounts at %j and volumes at %j: %s", (target, mounts, volumes, message) => {
    const faults = volumeTargetFaults([...volumes, target], mounts, "demo");
    expect(faults).toEqual(message === undefined ? [] : [{ index: volumes.length, message }]);
  });
});
