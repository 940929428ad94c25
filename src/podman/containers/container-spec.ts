/**
 * What a session's container is, as libpod's create request. Every field that matters is sent, because defaults differ
 * between versions and an image or containers.conf could bring its own.
 */
import { constants } from "node:os";
import { type EngineHost, type LimitName, SESSION_UID } from "../host/host-features.ts";
import { type Surroundings, surroundingsSpec, ulimitsOf } from "./container-surroundings.ts";

/** A directory or file of the host in the container. Always `nosuid,nodev`. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Whether SELinux is to label the source for one container or for all; ignored where SELinux is off. */
  readonly relabel: "none" | "shared" | "private";
}

export interface Limits {
  /** Memory without swap; undefined for no limit. */
  readonly memoryBytes?: number | undefined;
  /** Cores, may be a fraction; undefined for no limit. */
  readonly cpus?: number | undefined;
  /** Processes and threads; default 2048. */
  readonly pids?: number | undefined;
}

/** A container as a session asks for it. */
export interface ContainerRequest {
  /** Unique on the host. */
  readonly name: string;
  /** Id of the image. Not looked at where there is a `rootDirectory`. */
  readonly image: string;
  /** Directory of the engine's that is the file system, instead of the image's; undefined: the image's. */
  readonly rootDirectory?: string | undefined;
  /** The name that the session user has inside. */
  readonly user: string;
  /** The user's home inside, an absolute path. */
  readonly home: string;
  /** True: the volume `homeVolume` is mounted at home, filled from the image. False: the binds provide home. */
  readonly homeFromImage: boolean;
  /** A volume with a home that an earlier container has filled, mounted as it is; undefined: there is none. */
  readonly homeVolume?: string | undefined;
  readonly workingDirectory: string;
  /** The whole command; the image's ENTRYPOINT and CMD do not run. */
  readonly argv: readonly [string, ...string[]];
  /** Added to the image's; HOME is set to `home`. */
  readonly env: Readonly<Record<string, string>>;
  /** Names to remove from the image's environment. */
  readonly unsetEnv: readonly string[];
  readonly binds: readonly Bind[];
  readonly network: "private" | "none" | "host";
  /** The file into which conmon writes the output, in the k8s-file format; undefined: nobody keeps it. */
  readonly logPath: string | undefined;
  /** Whether its file system has to outlive a power cut. Default false: it ends with the container. */
  readonly isDurable?: boolean | undefined;
  /** Of SELinux, such as `s0:c1,c2`: as another container has it. Default: its own. */
  readonly selinuxLevel?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** conmon ends the container after this time, counted from its start; undefined for never. */
  readonly timeoutSeconds?: number | undefined;
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals | undefined;
  readonly limits: Limits;
  readonly surroundings: Surroundings;
  /** The OCI runtime that it is created with, and keeps. Default: Podman's. */
  readonly runtime?: string | undefined;
}

/** Processes and threads of a session by default. */
export const DEFAULT_PIDS = 2048;

/** The create request, and the limits that were asked for and left out because the host cannot enforce them. */
export interface ContainerSpec {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly unenforcedLimits: readonly LimitName[];
}

/** The confinement of every container, for any request. */
export interface Containment {
  /** Path of the seccomp profile on the host. */
  readonly seccompProfile: string;
  /** The most processes that this user may let a container have (the hard `RLIMIT_NPROC`); `Infinity` for any number. */
  readonly mostProcesses: number;
}

/** Translates a request for this host. */
export function containerSpec(
  request: ContainerRequest,
  host: EngineHost,
  containment: Containment,
): ContainerSpec {
  const { limits, unenforcedLimits } = resourceLimits(request.limits, host);
  const processes = processLimit(request.limits, host, containment);
  const [program, ...words] = request.argv;
  const nproc = processes === undefined ? [] : [{ type: "nproc", hard: processes, soft: processes }];
  const { surroundings, binds } = request;
  const allLimits = [...nproc, ...ulimitsOf(surroundings)];
  const { temporary, ...rights } = surroundingsSpec(
    surroundings,
    binds.map(({ target }) => target),
  );
  const spec = {
    name: request.name,
    ...(request.rootDirectory === undefined ? { image: request.image } : { rootfs: request.rootDirectory }),
    // What an image could set.
    entrypoint: [program],
    command: words,
    work_dir: request.workingDirectory,
    env: { ...request.env, HOME: request.home },
    unsetenv: request.unsetEnv,
    stop_signal: constants.signals[request.stopSignal ?? "SIGTERM"],
    image_volume_mode: "ignore",
    healthconfig: { Test: ["NONE"] },
    // The user inside, and outside.
    user: `${SESSION_UID}:${SESSION_UID}`,
    passwd_entry: `${request.user}:*:${SESSION_UID}:${SESSION_UID}::${request.home}:/bin/sh`,
    userns: { nsmode: "private" },
    idmappings: idMappings(host),
    // Its rights.
    privileged: false,
    cap_drop: ["all"],
    ...rights,
    no_new_privileges: true,
    seccomp_policy: "default",
    seccomp_profile_path: surroundings.seccompProfile ?? containment.seccompProfile,
    pidns: { nsmode: "private" },
    ipcns: { nsmode: "private" },
    utsns: { nsmode: "private" },
    netns: { nsmode: networkMode(request.network, host) },
    httpproxy: false,
    env_host: false,
    umask: "0022",
    resource_limits: limits,
    ...(allLimits.length === 0 ? {} : { r_limits: allLimits }),
    // Its view of the host.
    mounts: [...temporary, ...binds.map((bind) => mount(bind, host))],
    volumes: homeVolumes(request),
    // Its life.
    init: true,
    systemd: "false",
    terminal: false,
    stdin: false,
    remove: false,
    restart_policy: "no",
    // Where its file system ends with it, nothing needs to reach the disk.
    volatile: request.isDurable !== true,
    log_configuration:
      request.logPath === undefined ? { driver: "none" } : { driver: "k8s-file", path: request.logPath },
    ...(request.selinuxLevel === undefined ? {} : { selinux_opts: [`level:${request.selinuxLevel}`] }),
    labels: request.labels,
    ...(request.timeoutSeconds === undefined ? {} : { timeout: Math.ceil(request.timeoutSeconds) }),
  };
  return { spec, unenforcedLimits };
}

/** `U` gives the files of a volume to the session's user; one that was filled earlier is as its session left it. */
function homeVolumes({ name, home, homeFromImage, homeVolume: filled }: ContainerRequest): object[] {
  const options = ["nosuid", "nodev"];
  if (filled !== undefined) return [{ Name: filled, Dest: home, Options: options }];
  return homeFromImage ? [{ Name: homeVolume(name), Dest: home, Options: ["U", ...options] }] : [];
}

/** The name of the volume for a container's home, where it is filled from the image. */
export function homeVolume(containerName: string): string {
  return `${containerName}-home`;
}

/** One range of an id mapping; `host_id` counts in the rootless namespace, where 0 is the user. */
export interface IdRange {
  readonly container_id: number;
  readonly host_id: number;
  readonly size: number;
}

/**
 * The session user inside is the daemon's user outside. Not by `keep-id`: that makes the service call libsubid, which
 * is not thread-safe there.
 */
export function idMappings(host: Pick<EngineHost, "subordinate">): { UIDMap: IdRange[]; GIDMap: IdRange[] } {
  return { UIDMap: idRanges(host.subordinate.uids), GIDMap: idRanges(host.subordinate.gids) };
}

function idRanges(subordinate: number): IdRange[] {
  const below = { container_id: 0, host_id: 1, size: SESSION_UID };
  const user = { container_id: SESSION_UID, host_id: 0, size: 1 };
  const rest = subordinate - SESSION_UID;
  if (rest === 0) return [below, user];
  return [below, user, { container_id: SESSION_UID + 1, host_id: SESSION_UID + 1, size: rest }];
}

function networkMode(network: ContainerRequest["network"], host: EngineHost): string {
  return network === "private" ? host.privateNetwork : network;
}

function mount(bind: Bind, host: EngineHost) {
  const relabel = { none: [], shared: ["z"], private: ["Z"] }[bind.relabel];
  const options = ["rbind", "rprivate", "nosuid", "nodev", bind.readOnly ? "ro" : "rw"];
  return {
    type: "bind",
    source: bind.source,
    destination: bind.target,
    options: host.selinux ? [...options, ...relabel] : options,
  };
}

/**
 * The limit of processes and threads by `RLIMIT_NPROC`, which counts in the container's user namespace alone. Undefined
 * where a control group limits them: crun sets this limit before it makes the namespace, which would then count all
 * processes of the user. Undefined, too, where the kernel counts them all in any case.
 */
export function processLimit(
  { pids = DEFAULT_PIDS }: Limits,
  {
    controlGroups,
    countsProcessesByNamespace,
  }: Pick<EngineHost, "controlGroups" | "countsProcessesByNamespace">,
  { mostProcesses }: Pick<Containment, "mostProcesses">,
): number | undefined {
  // A process cannot raise the user's own limit.
  return countsProcessesByNamespace && !controlGroups.pids ? Math.min(pids, mostProcesses) : undefined;
}

/** The kernel's usual accounting period for CPU time. */
export const CPU_PERIOD_US = 100_000;

function resourceLimits(limits: Limits, host: EngineHost) {
  const pids = limits.pids ?? DEFAULT_PIDS;
  const asked: Partial<Record<LimitName, object>> = {
    ...(limits.memoryBytes === undefined
      ? {}
      : { memory: { memory: { limit: limits.memoryBytes, swap: limits.memoryBytes } } }),
    ...(limits.cpus === undefined
      ? {}
      : { cpus: { cpu: { quota: Math.round(limits.cpus * CPU_PERIOD_US), period: CPU_PERIOD_US } } }),
    pids: { pids: { limit: pids } },
  };
  const names = Object.keys(asked) as LimitName[];
  const grouped = names.filter((name) => host.controlGroups[name]);
  return {
    limits: Object.assign({}, ...grouped.map((name) => asked[name])) as object,
    unenforcedLimits: names.filter((name) => !host.enforceable[name]),
  };
}
