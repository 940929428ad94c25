import { describe, expect, it } from "vitest";
import { weaknesses } from "../../../src/podman/containers/container-check.ts";
import type { ContainerRequest } from "../../../src/podman/containers/container-spec.ts";
import { NO_SURROUNDINGS } from "../../../src/podman/containers/container-surroundings.ts";
import type { InspectReply } from "../../../src/podman/service/replies.ts";
import { AS_ASKED, hostOf, MODERN_INFO, OLD_INFO } from "./info.ts";

const CONTAINMENT = { seccompProfile: "/run/seccomp.json", mostProcesses: Infinity };

const REQUEST = {
  network: "private",
  binds: [{ source: "/src", target: "/mnt", readOnly: true, relabel: "none" }],
  surroundings: NO_SURROUNDINGS,
  limits: { memoryBytes: 1_000, cpus: 1 },
} as unknown as ContainerRequest;

const withHostConfig = (changes: Partial<InspectReply["HostConfig"]>): InspectReply => ({
  ...AS_ASKED,
  HostConfig: { ...AS_ASKED.HostConfig, ...changes },
});
const withMount = (changes: Partial<InspectReply["Mounts"][number]>): InspectReply => ({
  ...AS_ASKED,
  Mounts: AS_ASKED.Mounts.map((mount) => ({ ...mount, ...changes })),
});

describe("a created container", () => {
  it("is not weak when it is as asked", () => {
    expect(weaknesses(AS_ASKED, REQUEST, hostOf(MODERN_INFO), CONTAINMENT)).toEqual([]);
  });

  it.each<[string, InspectReply]>([
    ["it is privileged", withHostConfig({ Privileged: true })],
    ["it has capabilities", { ...AS_ASKED, BoundingCaps: ["CAP_CHOWN"] }],
    ["it has capabilities", { ...AS_ASKED, EffectiveCaps: ["CAP_CHOWN"] }],
    ["it has devices of the host", withHostConfig({ Devices: [{ PathOnHost: "/dev/kvm" }] })],
    ["it may gain privileges", withHostConfig({ SecurityOpt: [] })],
    [
      "it has no seccomp profile",
      withHostConfig({ SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] }),
    ],
    ["it has no SELinux label", withHostConfig({ SecurityOpt: ["no-new-privileges", "label=disable"] })],
    ["it runs as user root", { ...AS_ASKED, Config: { User: "" } }],
    [
      "its user ids are mapped differently",
      withHostConfig({ IDMappings: { ...AS_ASKED.HostConfig.IDMappings, UidMap: ["0:0:1"], GidMap: [] } }),
    ],
    ["its network is host instead of private", withHostConfig({ NetworkMode: "host" })],
    ["it sees the host's processes", withHostConfig({ PidMode: "host" })],
    ["it shares the host's IPC", withHostConfig({ IpcMode: "host" })],
    ["it shares the host's name", withHostConfig({ UTSMode: "host" })],
    ["/mnt is writable", withMount({ RW: true })],
    ["/mnt allows setuid", withMount({ Options: ["nodev"] })],
    ["/mnt allows devices", withMount({ Options: ["nosuid"] })],
    ["/mnt is not /src", withMount({ Source: "/other" })],
    ["its limit of pids is 0 instead of 2048", withHostConfig({ PidsLimit: 0 })],
    ["its limit of memory is 1001 instead of 1000", withHostConfig({ Memory: 1_001 })],
    ["its limit of cpus is 0 instead of 100000", withHostConfig({ CpuQuota: 0 })],
  ])("is weak when %s", (weakness, container) => {
    expect(weaknesses(container, REQUEST, hostOf(MODERN_INFO), CONTAINMENT)).toContain(weakness);
  });

  it.each([
    ["its limit of processes is missing instead of 2048", withHostConfig({ Ulimits: [] })],
    [
      "its limit of processes is 4096 instead of 2048",
      withHostConfig({ Ulimits: [{ Name: "RLIMIT_NPROC", Hard: 4096 }] }),
    ],
    [
      "its limit of processes is -1 instead of 2048",
      withHostConfig({ Ulimits: [{ Name: "RLIMIT_NPROC", Hard: -1 }] }),
    ],
  ])("is weak without control groups when %s", (weakness, container) => {
    const host = hostOf({ ...OLD_INFO, host: { ...OLD_INFO.host, kernel: "5.14.0-427.el9.x86_64" } });
    expect(weaknesses(container, REQUEST, host, CONTAINMENT)).toContain(weakness);
  });

  it("is weak when its image's files are writable against the request, or it has another capability", () => {
    const surroundings = { ...NO_SURROUNDINGS, readOnlyRoot: true, capAdd: ["NET_RAW"] };
    const container = { ...AS_ASKED, EffectiveCaps: ["CAP_NET_RAW", "CAP_CHOWN"] };
    expect(weaknesses(container, { ...REQUEST, surroundings }, hostOf(MODERN_INFO), CONTAINMENT)).toEqual([
      "it has CAP_CHOWN",
      "its image's files are writable",
    ]);
  });

  it("is not weak for want of limits that the host cannot enforce", () => {
    const unlimited = withHostConfig({
      NetworkMode: "slirp4netns",
      PidsLimit: 0,
      Memory: 0,
      CpuQuota: 0,
      Ulimits: [],
    });
    expect(weaknesses(unlimited, REQUEST, hostOf(OLD_INFO), CONTAINMENT)).toEqual([]);
  });
});
