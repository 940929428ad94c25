import { describe, expect, it } from "vitest";
import { describeHost } from "../../../src/podman/host/host-features.ts";
import { infoReply } from "../../../src/podman/service/replies.ts";
import { hostOf, MODERN_INFO, OLD_INFO } from "./info.ts";

describe("the host of an engine", () => {
  it("can limit what cgroup v2 delegates, and connects by pasta", () => {
    expect(hostOf(MODERN_INFO)).toMatchObject({
      version: "5.4.2",
      ociRuntime: "crun",
      privateNetwork: "pasta",
      selinux: true,
      subordinate: { uids: 65_536, gids: 65_536 },
      enforceable: { memory: true, cpus: true, pids: true },
      warnings: [],
    });
  });

  it("cannot limit anything with cgroup v1, and says so", () => {
    const host = hostOf(OLD_INFO);
    expect(host.enforceable).toEqual({ memory: false, cpus: false, pids: false });
    expect(host.privateNetwork).toBe("slirp4netns");
    expect(host.warnings).toEqual([
      expect.stringContaining("vfs copies the whole image"),
      expect.stringContaining("cannot limit memory, cpus, pids"),
    ]);
  });

  it("can limit what the user's service manager hands on, though the engine's own group has less", () => {
    const info = { ...MODERN_INFO, host: { ...MODERN_INFO.host, cgroupControllers: ["memory", "pids"] } };
    expect(describeHost(infoReply.parse(info), []).enforceable.cpus).toBe(false);
    const host = describeHost(infoReply.parse(info), ["cpu", "memory"]);
    expect(host.enforceable.cpus).toBe(true);
    expect(host.controllers).toEqual(["memory", "pids", "cpu"]);
    const withoutManager = { ...info, host: { ...info.host, cgroupManager: "cgroupfs" } };
    expect(describeHost(infoReply.parse(withoutManager), ["cpu"]).enforceable.cpus).toBe(false);
  });

  it.each([
    ["5.13.19", false],
    ["5.14.0-427.el9.x86_64", true],
    ["6.1.0-37-amd64", true],
    ["7.0", true],
    ["", false],
  ])("limits processes without control groups from Linux 5.14 on: %j", (kernel, expected) => {
    const host = hostOf({ ...OLD_INFO, host: { ...OLD_INFO.host, kernel } });
    expect(host.enforceable).toEqual({ memory: false, cpus: false, pids: expected });
    expect(host.controlGroups.pids).toBe(false);
  });

  it.each([
    ["/etc/containers/seccomp.json", "/etc/containers/seccomp.json"],
    ["unconfined", undefined],
    ["", undefined],
  ])("has the engine's seccomp profile where it is a file: %j", (seccompProfilePath, expected) => {
    const security = { rootless: true, selinuxEnabled: false, seccompProfilePath };
    expect(hostOf({ ...MODERN_INFO, host: { ...MODERN_INFO.host, security } }).seccompProfile).toBe(expected);
  });

  it("is known also when the engine could not ask its runtime", () => {
    const info = { ...MODERN_INFO, host: { ...MODERN_INFO.host, ociRuntime: null } };
    expect(hostOf(info).ociRuntime).toBe("unknown");
  });

  it.each([
    ["its service runs as root", { security: { rootless: false, selinuxEnabled: false } }, /runs as root/],
    [
      "the user has no subordinate ids",
      { idMappings: { uidmap: null, gidmap: null } },
      /has 0 subordinate ids/,
    ],
    [
      "the range of group ids is too small",
      {
        idMappings: {
          uidmap: MODERN_INFO.host.idMappings.uidmap,
          gidmap: [
            { container_id: 0, host_id: 1000, size: 1 },
            { container_id: 1, host_id: 100_000, size: 38_999 },
          ],
        },
      },
      /has 38999 subordinate ids but needs at least 39000/,
    ],
  ])("is unsuitable when %s", (_, changes, message) => {
    const info = { ...MODERN_INFO, host: { ...MODERN_INFO.host, ...changes } };
    expect(() => hostOf(info)).toThrow(message);
    expect(() => hostOf(info)).toThrow(expect.objectContaining({ code: "engine_unsuitable" }));
  });

  it("is unsuitable when Podman is too old", () => {
    const info = { ...MODERN_INFO, version: { Version: "4.2.9", APIVersion: "4.2.9" } };
    expect(() => hostOf(info)).toThrow("cannot run sessions on this host: Podman is 4.2.9");
  });
});
