/**
 * What a session needs of the other rooms, in its own words. The composition root hands in what fulfils it.
 */
import type { OpenRecord as AuditRecord } from "../audit/open-record.ts";
import type { ContainerRequest } from "../podman/container-spec.ts";
import type { LimitName } from "../podman/host-features.ts";
import type { PullPolicy } from "../podman/images.ts";
import type { ContainerExit } from "../podman/exit-watch.ts";
import type { ResourcePeaks } from "../podman/resource-peaks.ts";

/** Time as sessions see it; a test may hand in its own. */
export interface Clock {
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A clock that never jumps, in milliseconds from an arbitrary start. */
  readonly monotonic: () => number;
  /** How long this host is up, in milliseconds: one count for all daemons of a boot, whatever is done to the clock. */
  readonly uptime: () => number;
}

/** A directory or file of the host that the operator declared for a profile's sessions. */
export type Mount = ContainerRequest["binds"][number];

/** The part of a profile that a session is made from. */
export interface SessionProfile {
  readonly name: string;
  readonly baseImage: string;
  readonly command: readonly string[];
  readonly repo?: string | undefined;
  readonly ref?: string | undefined;
  /** Undefined means that the session may run for ever. */
  readonly timeoutMs?: number | undefined;
  /** Between SIGTERM and SIGKILL, where whoever ends the session does not say. In milliseconds. */
  readonly graceMs: number;
  readonly pull: PullPolicy;
  /** Directory on the host for `/agentd/methodology`; undefined means none. */
  readonly methodologyDir?: string | undefined;
  /** Variable of the daemon's environment with the token to clone with; undefined means none. */
  readonly repoTokenSource?: string | undefined;
  readonly mounts: readonly Mount[];
  /** Undefined means no limit. */
  readonly memoryBytes?: number | undefined;
  /** Cores, may be a fraction; undefined means no limit. */
  readonly cpus?: number | undefined;
  /** Processes and threads; undefined means the engine room's default. */
  readonly pids?: number | undefined;
  readonly network: ContainerRequest["network"];
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: readonly { readonly name: string; readonly source: string }[];
}

/** The container engine. */
export interface Engine {
  readonly host: { readonly selinux: boolean };
  resolveImage(
    reference: string,
    pull: PullPolicy,
    options: { signal: AbortSignal; onProgress?: ((line: string) => void) | undefined },
  ): Promise<{ readonly id: string; readonly digest: string | null }>;
  imageHasPath(imageId: string, path: string): Promise<boolean>;
  createContainer(request: ContainerRequest): Promise<{
    readonly id: string;
    /** Limits that were asked for and that this host cannot enforce. */
    readonly unenforcedLimits: readonly LimitName[];
  }>;
  startContainer(id: string): Promise<void>;
  /** Resolves when the container's first process has ended, or nobody can tell any more how it ends. */
  waitForExit(id: string, options: { signal: AbortSignal }): Promise<ContainerExit>;
  /** The same exit by SIGKILL, or a lost one where it was the beginning of a removal behind agentd's back. */
  confirmKill(
    id: string,
    exit: ContainerExit & { readonly kind: "exited" },
    signal: AbortSignal,
  ): Promise<ContainerExit>;
  /** Resolves when the signal is aborted, to what the container has used at most until then; does not reject. */
  followPeaks(id: string, options: { signal: AbortSignal }): Promise<ResourcePeaks>;
  signalContainer(id: string, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Kills and removes; a container that does not exist is removed already. */
  removeContainer(idOrName: string): Promise<void>;
  /** Of no container; a volume that does not exist is removed already. */
  removeVolume(name: string): Promise<void>;
  /** What a running container's init has started: `argv`, something that took its place, or nothing any more. */
  findCommand(id: string, argv: readonly string[]): Promise<"asked" | "other" | "none">;
  /** Kills the container's init by its pid, where it was started to run `argv`, and waits until it is gone. */
  endFirstProcess(idOrName: string, argv: readonly string[]): Promise<void>;
}

/** A record that is still being written. */
export type OpenRecord = Pick<
  AuditRecord,
  | "id"
  | "directory"
  | "runaDirectory"
  | "consoleLogPath"
  | "document"
  | "state"
  | "update"
  | "journal"
  | "seal"
  | "retire"
>;

/** The directories of one session's workspace on the host. */
export interface Staging {
  readonly homeDirectory: string;
  readonly repoDirectory: string;
}

/** Makes workspaces. */
export interface Workspaces {
  /** Where the staging directory of a session is, made or not: it is released even when making it failed. */
  create(sessionId: string): Promise<Staging>;
  /** @param onProgress called every so often while there is much to remove, with the number of entries removed. */
  remove(sessionId: string, onProgress?: (entries: number) => void): Promise<void>;
  /** Makes the session's clone where its container does not see it. */
  clone(
    sessionId: string,
    source: { readonly url: string; readonly ref: string | null; readonly token: string | undefined },
    options: { signal: AbortSignal },
  ): Promise<{ readonly commit: string; readonly warnings: readonly string[] }>;
  /** Moves the clone to where the session's container, which has started, sees it. */
  deliver(sessionId: string, options: { selinux: boolean; signal: AbortSignal }): Promise<void>;
}

/** The way a session's credentials take into its container. */
export interface Gate {
  /** The directory to mount read-only at `GATE_TARGET`. */
  readonly directory: string;
  /**
   * Hands the credentials over, which lets the command start.
   *
   * @param onFirstByte awaited once the launcher reads and before it gets anything.
   */
  open(
    values: ReadonlyMap<string, string>,
    options: { signal: AbortSignal; onFirstByte: () => Promise<void> },
  ): Promise<void>;
}

/** Resolves credentials and makes gates. */
export interface Credentials {
  /** Throws `credential_unset` or `credential_invalid`. */
  resolve(credentials: SessionProfile["credentials"]): ReadonlyMap<string, string>;
  /** The token in that variable. Throws `credential_unset` or `credential_invalid`. */
  resolveToken(source: string): string;
  createGate(sessionId: string): Promise<Gate>;
  /**
   * The gate that an earlier daemon has made, free of what that one may have written; undefined when it was opened and
   * everything was written.
   */
  renewGate(sessionId: string): Promise<Gate | undefined>;
  removeGate(sessionId: string): Promise<void>;
  /** The argument vector that waits at the gate and then becomes the command. */
  launcherArgv(command: readonly string[]): ContainerRequest["argv"];
}

/** What a profile names on the host, judged when a session is launched: it may have changed since the configuration was read. */
export interface HostPaths {
  /** The directory with all links resolved, and the digest of what is in it. Throws `methodology_invalid`. */
  methodology(directory: string): Promise<{ readonly directory: string; readonly digest: string }>;
  /** The mount's source with all links resolved. Throws `mount_invalid`. */
  mountSource(mount: Mount): Promise<string>;
}
