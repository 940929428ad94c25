/** What the local executor needs of the rooms below it for sessions that are kept. */
import type { RequestOnKept } from "../podman/containers/kept-containers.ts";

/** Containers that have ended and stay. */
export interface KeptContainers {
  readonly kept: {
    /** Whether a container is there and has ended. */
    hasEnded(name: string): Promise<boolean>;
    /** How many bytes its layer takes, and these directories. Throws `container_missing`. */
    bytes(name: string, directories: readonly string[]): Promise<number>;
    /**
     * Creates a container on the file system of an ended one, with its variables but those named; its first process will do nothing.
     * Throws `container_missing`, `container_weaker`.
     */
    create(kept: string, request: RequestOnKept, without: ReadonlySet<string>): Promise<string>;
    /** Starts it. Throws `container_weaker`. */
    start(id: string): Promise<void>;
    /** Gives back the file system of an ended one, once for each `create`, when that one is gone; one that is not mounted is fine. */
    unmount(name: string): Promise<void>;
  };
}

/** The directories of a kept session on the host. */
export interface KeptDirectories {
  /** All of it. */
  readonly directory: string;
  readonly homeDirectory: string;
  readonly repoDirectory: string;
  /** The copy of what the session saw as `.runa`. */
  readonly runaDirectory: string;
  readonly inputDirectory: string;
}

/** Workspaces of sessions that are kept. */
export interface KeptWorkspaces {
  /** Where they are, or would be. */
  keptDirectories(sessionId: string): KeptDirectories;
  /**
   * Copies what a session has as `.runa` into its staging directory, and removes what only its export has needed. A copy that is
   * there is replaced.
   *
   * @throws Error when it cannot be copied; the signal's reason.
   */
  keepFiles(sessionId: string, runaDirectory: string, options: { signal: AbortSignal }): Promise<void>;
}
