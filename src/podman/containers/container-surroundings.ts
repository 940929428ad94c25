/**
 * What of the container's file system may be written, and what a request adds to the rights that a container has by
 * default: as parts of libpod's create request, and as a check of what came of it.
 */
import type { InspectReply } from "../service/replies.ts";

/** The surroundings of a container's processes; without a key, what every container has. */
export interface Surroundings {
  /** Whether the image's files cannot be written. Directories for temporary files are in memory then. */
  readonly readOnlyRoot: boolean;
  /** Size of each of these directories in bytes; undefined for the kernel's default, half of the memory. */
  readonly tmpBytes?: number | undefined;
  /** Size of /dev/shm in bytes; undefined for Podman's default. */
  readonly shmBytes?: number | undefined;
  /** Limits of each process by their names in Podman, such as `nofile`. */
  readonly ulimits: Readonly<Record<string, number>>;
  /** Paths on the host below /dev, and names of the Container Device Interface. */
  readonly devices: readonly string[];
  /** Capabilities, with or without `CAP_`. */
  readonly capAdd: readonly string[];
  /** File of the host with another filter of system calls; undefined for agentd's. */
  readonly seccompProfile?: string | undefined;
}

/** The surroundings that every container has by default, with a writable root. */
export const NO_SURROUNDINGS: Surroundings = {
  readOnlyRoot: false,
  ulimits: {},
  devices: [],
  capAdd: [],
};

/** Directories that programs expect to write. Of /run, only the root of the container may; runc leaves no other choice. */
const TEMPORARY: readonly (readonly [path: string, options: readonly string[]])[] = [
  ["/tmp", ["mode=1777"]],
  ["/var/tmp", ["mode=1777"]],
  ["/run", ["mode=0755", "noexec"]],
];

/** The parts of the create request, but limits of processes, see `ulimitsOf`. @param mounted targets of binds. */
export function surroundingsSpec(surroundings: Surroundings, mounted: readonly string[]) {
  const { readOnlyRoot, shmBytes, devices, capAdd } = surroundings;
  return {
    read_only_filesystem: readOnlyRoot,
    cap_add: capAdd.map(capability),
    devices: devices.map((path) => ({ path })),
    temporary: readOnlyRoot ? temporaryMounts(surroundings, mounted) : [],
    ...(shmBytes === undefined ? {} : { shm_size: shmBytes }),
  };
}

/** Limits of processes as the create request has them. */
export function ulimitsOf({ ulimits }: Pick<Surroundings, "ulimits">): object[] {
  return Object.entries(ulimits).map(([type, value]) => ({ type, hard: value, soft: value }));
}

/** How the container is weaker than the request, each as a phrase; empty when it is as asked. */
export function weakSurroundings(
  { HostConfig, EffectiveCaps, BoundingCaps }: InspectReply,
  { readOnlyRoot, capAdd, devices }: Surroundings,
): string[] {
  const asked = new Set(capAdd.map(capability));
  const capabilities = [...EffectiveCaps, ...BoundingCaps, ...HostConfig.CapAdd].map(capability);
  const more = [...new Set(capabilities)].filter((name) => !asked.has(name));
  const hasDevices = HostConfig.Devices.length > 0 && devices.length === 0;
  return [
    ...(more.length > 0 ? [asked.size === 0 ? "it has capabilities" : `it has ${more.join(", ")}`] : []),
    ...(readOnlyRoot && !HostConfig.ReadonlyRootfs ? ["its image's files are writable"] : []),
    ...(hasDevices ? ["it has devices of the host"] : []),
  ];
}

function temporaryMounts({ tmpBytes }: Surroundings, mounted: readonly string[]): object[] {
  return TEMPORARY.filter(([path]) => !mounted.includes(path)).map(([path, options]) => ({
    type: "tmpfs",
    source: "tmpfs",
    destination: path,
    options: [
      ...["rw", "nosuid", "nodev", ...options],
      ...(tmpBytes === undefined ? [] : [`size=${tmpBytes}`]),
    ],
  }));
}

function capability(name: string): string {
  const upper = name.toUpperCase();
  return upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}
