/**
 * What the local executor needs of the rooms below it. The composition root passes in the implementations.
 */
import type { Payload } from "../credentials/payload.ts";
import type { ContainerRequest } from "../podman/containers/container-spec.ts";
import type { ContainerStatus } from "../podman/containers/container-status.ts";
import type { ListedContainer } from "../podman/containers/containers.ts";
import type { ResourcePeaks } from "../podman/containers/resource-peaks.ts";
import type { ListedVolume } from "../podman/containers/volumes.ts";
import type { ContainerExit } from "../podman/exits/exit-watch.ts";
import type { LimitName } from "../podman/host/host-features.ts";
import type { PullPolicy } from "../podman/images/images.ts";
import type { ProcessIdentity } from "../process-identity.ts";
import type { Llm, Profile } from "../profile/profile.ts";
import type { ExportedWork, ExportOptions } from "../sessions/port/export.ts";
import type { PublishedJob, PublishedWork, PublishOptions } from "../sessions/port/publication.ts";
import type { HomeContent } from "./host-paths.ts";
import type { KeptContainers, KeptDirectories, KeptWorkspaces } from "./kept-ports.ts";
import type { ExecGates, LiveContainers } from "./live-ports.ts";
import type { WarmContainers } from "./warm-ports.ts";

/** The container engine. */
export interface Engine extends LiveContainers, KeptContainers, WarmContainers {
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
  /**
   * Rejects with `container_weaker` where it may make system calls that no session may; the image's id saves looking
   * twice.
   */
  startContainer(id: string, image?: string, filter?: "agentd" | "own"): Promise<void>;
  /** Undefined when it does not exist. */
  inspectContainer(id: string): Promise<Pick<ContainerStatus, "exit"> | undefined>;
  /** A process of a running container, as the host sees it; undefined when it does not run. */
  firstProcess(id: string): Promise<ProcessIdentity | undefined>;
  /** Those of this instance. */
  listContainers(): Promise<readonly ListedContainer[]>;
  /** Resolves when the container's first process has ended, or when it can no longer be known how it ends. */
  waitForExit(id: string, options: { signal: AbortSignal }): Promise<ContainerExit>;
  /** The same exit by SIGKILL, or a lost one where the kill began a removal outside agentd. */
  confirmKill(
    id: string,
    exit: ContainerExit & { readonly kind: "exited" },
    signal: AbortSignal,
  ): Promise<ContainerExit>;
  /** Resolves when the signal is aborted, with the container's peaks until then; does not reject. */
  followPeaks(id: string, options: { signal: AbortSignal }): Promise<ResourcePeaks>;
  signalContainer(id: string, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Kills and removes; a container that does not exist is removed already. */
  removeContainer(idOrName: string): Promise<void>;
  /** Of no container; a volume that does not exist is removed already. */
  removeVolume(name: string): Promise<void>;
  /**
   * Where this host has the home that a container got from its image, which the container can write; undefined when there
   * is no such volume.
   */
  homeDirectory(containerName: string): Promise<string | undefined>;
  /** Those of this instance. */
  listVolumes(): Promise<readonly ListedVolume[]>;
  /**
   * What a running container's init has started: `asked` when its command line has such an ending, something else, or
   * nothing any more.
   */
  findCommand(id: string, endings: readonly (readonly string[])[]): Promise<"asked" | "other" | "none">;
  /** Kills the container's init by its pid, where its command line has such an ending, and waits until it is gone. */
  endFirstProcess(idOrName: string, endings: readonly (readonly string[])[]): Promise<void>;
}

/** The directories of one session's workspace on the host. */
export interface Staging extends Pick<KeptDirectories, "homeDirectory" | "repoDirectory"> {
  /** Of copies of volumes; it may be missing. */
  readonly volumesDirectory: string;
}

/** What is exported of a workspace, and where to. */
export interface WorkspaceExport extends ExportOptions {
  /** Globs of files to copy. */
  readonly artifacts: readonly string[];
  /** The home that the image brought; undefined for the one in the staging directory. */
  readonly homeVolumeDirectory: string | undefined;
}

/** What is published of a workspace, and how. */
export interface WorkspacePublication extends PublishOptions {
  readonly job: PublishedJob;
  readonly author: { readonly name: string; readonly email: string };
  /** Undefined: none is configured. */
  readonly token: { readonly source: string; readonly value: string } | undefined;
}

/** A directory of the host to copy. */
export interface DirectorySource {
  /** Absolute, with no link in it. */
  readonly directory: string;
  /** Globs of what is left out. */
  readonly ignore: readonly string[];
  /** The most bytes that its files may have. */
  readonly limitBytes: number;
}

/** The files of a repository's commit, in a directory that no container sees. */
export interface FetchedSource {
  readonly directory: string;
  readonly commit: string;
  readonly warnings: readonly string[];
}

/** Makes workspaces. */
export interface Workspaces extends KeptWorkspaces {
  /** Where the staging directory of a session is, or would be: it is released even when making it failed. */
  create(sessionId: string): Promise<Staging>;
  /** Where the directories of a session are that its container may write, or would be. */
  directories(sessionId: string): Staging;
  /** @param onProgress called every so often while there is much to remove, with the number of entries removed. */
  remove(sessionId: string, onProgress?: (entries: number) => void): Promise<void>;
  /**
   * Makes the staging directory that a waiting container has that of a session, which has none yet.
   *
   * @param key of the container; afterwards it has none.
   * @throws Error when it cannot be moved; the one or the other may be there then.
   */
  give(key: string, sessionId: string): Promise<Staging>;
  /** Replaces what the container of a session saw of its staging directory; nothing runs that sees it. */
  renew(sessionId: string): Promise<void>;
  /** Makes the place for the copy of an input, before there is one; `copyInput` fills it. */
  makeInput(sessionId: string): Promise<string>;
  /** Copies the session's input to where its container will see it; the copy it gets is no part of the record. */
  copyInput(sessionId: string, directory: string): Promise<string>;
  /** Makes the session's clone where its container does not see it. */
  clone(
    sessionId: string,
    source: { readonly url: string; readonly ref: string | null; readonly token: string | undefined },
    options: { signal: AbortSignal },
  ): Promise<{ readonly commit: string; readonly warnings: readonly string[] }>;
  /**
   * Fetches a repository for the session's home into its staging directory.
   *
   * @param name of its place there; no other fetch of the session has it.
   */
  fetchSource(
    sessionId: string,
    name: string,
    source: { readonly url: string; readonly ref: string | null; readonly token: string | undefined },
    options: { signal: AbortSignal },
  ): Promise<FetchedSource>;
  /**
   * Keeps what the clone is, so that the work of the session can be told from it: between the clone and its delivery.
   *
   * @param url of the repository.
   */
  keepBase(sessionId: string, url: string): Promise<void>;
  /** Takes what the session did out of its workspace, when nothing of it runs; as `Executor.exportWork`. */
  exportWork(sessionId: string, options: WorkspaceExport): Promise<ExportedWork>;
  /** Publishes what was exported; as `Executor.publishWork`. */
  publishWork(sessionId: string, publication: WorkspacePublication): Promise<PublishedWork>;
  /**
   * Makes an empty workspace, or one with a copy of a directory, where the session's container does not see it, and keeps
   * what it was.
   *
   * @throws AgentdError `directory_invalid`.
   */
  fill(
    sessionId: string,
    source: DirectorySource | "nothing",
    options: { signal: AbortSignal; onProgress: (files: number, bytes: number) => void },
  ): Promise<{ readonly files: number; readonly bytes: number; readonly warnings: readonly string[] }>;
  /**
   * Writes files into a session's home, whose container has started: it may be written meanwhile.
   *
   * @throws AgentdError `file_invalid`.
   */
  fillHome(home: string, content: HomeContent): Promise<void>;
  /** Moves the clone to where the session's container, which has started, sees it. */
  deliver(sessionId: string, options: { selinux: boolean; signal: AbortSignal }): Promise<void>;
}

/** How a session's credentials get into its container. */
export interface Gate {
  /** The directory to mount read-only at `GATE_TARGET`. */
  readonly directory: string;
  /**
   * Hands the variables over and the command, which starts it.
   *
   * @param onFirstByte awaited once the launcher reads and before it gets anything.
   */
  open(payload: Payload, options: { signal: AbortSignal; onFirstByte: () => Promise<void> }): Promise<void>;
}

/** Resolves credentials and makes gates. */
export interface Credentials extends ExecGates {
  /** Throws `credential_unset` or `credential_invalid`. */
  resolve(credentials: Profile["credentials"]): ReadonlyMap<string, string>;
  /** Looks for the keys of providers. Throws `credential_unset` or `credential_invalid`. */
  requireKeys(providers: Llm["providers"]): void;
  /** The token in that variable. Throws `credential_unset` or `credential_invalid`. */
  resolveToken(source: string): string;
  /**
   * Keeps what is needed to find the values of a session's credentials in what it prints, before it gets them.
   *
   * @param values all that it gets through its gate.
   */
  remember(
    session: { readonly sessionId: string; readonly profile: Pick<Profile, "credentials"> },
    values: ReadonlyMap<string, string>,
  ): Promise<void>;
  createGate(sessionId: string): Promise<Gate>;
  /** Makes the gate at which a container waits that of a session. @throws Error when it cannot be moved. */
  giveGate(key: string, sessionId: string): Promise<Gate>;
  /**
   * The gate that an earlier daemon has made, free of what that one may have written; undefined when it was opened and
   * everything was written.
   */
  renewGate(sessionId: string): Promise<Gate | undefined>;
  removeGate(sessionId: string): Promise<void>;
  /** The argument vector that waits at the gate and then becomes what it is given there. */
  readonly launcherArgv: ContainerRequest["argv"];
  /** How the command line of a launcher of that command may end, in any version of agentd. */
  launcherEndings(command: readonly string[]): readonly (readonly string[])[];
}

/** What the host has for sessions, and for containers that wait for one: staging directories and gates. */
export interface Leftovers {
  /** Ids of the sessions that have some, and keys of containers that waited. */
  list(): Promise<readonly string[]>;
  /** Whether the FIFO of a session's gate exists: it is removed once everything was written. */
  hasGate(sessionId: string): Promise<boolean>;
  remove(sessionId: string): Promise<void>;
  /** Ends what the dead daemon has started on the host for these sessions and what still runs. */
  endWork(sessionIds: readonly string[]): Promise<void>;
  /** Lets commands go that wait for credentials from the dead daemon. */
  removeExecGates(): Promise<void>;
  /** Removes locks without a living holder. */
  removeStaleLocks(): Promise<void>;
}
