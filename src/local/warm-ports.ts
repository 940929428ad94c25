/** What containers that wait for a session need of the rooms below, besides what all containers need. */
import type { Launcher } from "../podman/containers/first-process.ts";
import type { Profile } from "../profile/profile.ts";

export type { Launcher };

/** What of a record a container has before there is one: on the file system of the records. */
export interface Skeleton {
  /** Becomes the `runa/` of a record. */
  readonly runaDirectory: string;
  /** Becomes its console log. */
  readonly consoleLogPath: string;
}

export interface Skeletons {
  /** Makes one. @throws Error when it cannot be made. */
  make(key: string): Promise<Skeleton>;
  /** Whether something was written into one: then its container has done more than wait. */
  isUsed(key: string): Promise<boolean>;
  /** Whether a record can have one: nothing is in its `runa/` yet. */
  fits(record: Pick<Skeleton, "runaDirectory">): Promise<boolean>;
  /** Makes it that of a record that it fits. @throws Error when it cannot be moved. */
  give(key: string, record: Skeleton): Promise<void>;
  /** Removes one; one that is not there is fine. */
  remove(key: string): Promise<void>;
}

/** When a daemon has containers wait. */
export interface WarmPolicy {
  /** How many may wait at most; 0: none. Asked each time. */
  most(): number;
  /** Whether the next session of a profile would have this one. */
  isCurrent(profile: Profile): boolean;
  /** Whether a session is queued: it needs the processors more. */
  hasQueue(): boolean;
  /** Whether this host has little memory left. */
  isMemoryShort(): Promise<boolean>;
}

/** The engine, for containers that wait. */
export interface WarmContainers {
  /** The launcher of a container that has just started; undefined when the container does not run. */
  findLauncher(id: string): Promise<Launcher | undefined>;
  /**
   * Whether a launcher does nothing but wait: it is the only child of the container's first process, it has no children, nobody
   * has stopped it, and who supervises it lives.
   *
   * @param argv what it was started with.
   */
  stillWaits(launcher: Launcher, argv: readonly string[]): Promise<boolean>;
  /** Whether a container runs, and is not paused. @throws AgentdError `engine_failed`, and so on. */
  isRunning(id: string): Promise<boolean>;
  /** Gives a container another name. @throws AgentdError `engine_failed`, and so on. */
  renameContainer(id: string, name: string): Promise<void>;
}
