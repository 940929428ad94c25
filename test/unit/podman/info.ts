import { describeHost, type EngineHost } from "../../../src/podman/host/host-features.ts";
import { infoReply, type InspectReply } from "../../../src/podman/service/replies.ts";

const IDS = [
  { container_id: 0, host_id: 1000, size: 1 },
  { container_id: 1, host_id: 100_000, size: 65_536 },
];

/** What `/info` says on an up-to-date host, in the parts that are read. */
export const MODERN_INFO = {
  host: {
    cgroupVersion: "v2",
    cgroupManager: "systemd",
    cgroupControllers: ["cpu", "memory", "pids"],
    idMappings: { uidmap: IDS, gidmap: IDS },
    networkBackend: "netavark",
    rootlessNetworkCmd: "pasta",
    ociRuntime: { name: "crun" },
    kernel: "6.12.41+deb13-amd64",
    security: {
      rootless: true,
      selinuxEnabled: true,
      seccompProfilePath: "/usr/share/containers/seccomp.json",
    },
  },
  store: { graphDriverName: "overlay" },
  version: { Version: "5.4.2", APIVersion: "5.4.2" },
};

/** The same on a host with hybrid cgroups, an old kernel and no file with a seccomp profile. */
export const OLD_INFO = {
  host: {
    ...MODERN_INFO.host,
    cgroupVersion: "v1",
    cgroupManager: "cgroupfs",
    cgroupControllers: null,
    rootlessNetworkCmd: undefined,
    ociRuntime: { name: "runc" },
    kernel: "5.10.0-35-amd64",
    security: { rootless: true, selinuxEnabled: false },
  },
  store: { graphDriverName: "vfs" },
  version: { Version: "4.3.1", APIVersion: "4.3.1" },
};

/** The host behind a reply to `/info`. */
export function hostOf(info: unknown): EngineHost {
  return describeHost(infoReply.parse(info), []);
}

/** What inspect says of a created container that is confined as asked. */
export const AS_ASKED: InspectReply = {
  Id: "0123",
  Name: "agentd-1",
  OCIConfigPath: "",
  State: {
    Status: "created",
    Pid: 0,
    ConmonPid: 0,
    ExitCode: 0,
    OOMKilled: false,
    StartedAt: "0001-01-01T00:00:00Z",
    FinishedAt: "0001-01-01T00:00:00Z",
  },
  EffectiveCaps: [],
  BoundingCaps: [],
  Mounts: [
    { Type: "bind", Source: "/src", Destination: "/mnt", Options: ["nosuid", "nodev", "rbind"], RW: false },
  ],
  Config: { User: "39000:39000" },
  HostConfig: {
    Privileged: false,
    SecurityOpt: ["no-new-privileges"],
    CapAdd: [],
    ReadonlyRootfs: false,
    Devices: [],
    NetworkMode: "pasta",
    PidMode: "private",
    IpcMode: "shareable",
    UTSMode: "private",
    PidsLimit: 2048,
    Memory: 1_000,
    CpuPeriod: 100_000,
    CpuQuota: 100_000,
    Ulimits: [{ Name: "RLIMIT_NPROC", Hard: 2048 }],
    IDMappings: {
      UidMap: ["0:1:39000", "39000:0:1", "39001:39001:26536"],
      GidMap: ["0:1:39000", "39000:0:1", "39001:39001:26536"],
    },
  },
};
