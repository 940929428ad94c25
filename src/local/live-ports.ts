/** What the local executor needs of the rooms below it for commands that run. */
import type { Payload } from "../credentials/payload.ts";
import type { ContainerUsage } from "../podman/containers/container-usage.ts";

/** Containers that run. */
export interface LiveContainers {
  readonly live: {
    /** What a container uses now; undefined when it does not run. */
    usage(id: string): Promise<ContainerUsage | undefined>;
    /** Its processor time since its start, in seconds, which only grows; undefined when it does not run. */
    cpuSeconds(id: string): Promise<number | undefined>;
    /** What directories and its own layer take on the disk. Throws `engine_failed` when they cannot be measured. */
    diskBytes(id: string, directories: readonly string[]): Promise<number>;
    /** What directories take on the disk. Throws `engine_failed` when they cannot be measured. */
    treeBytes(directories: readonly string[]): Promise<number>;
    /** Has all of its processes stand still, or throws `pause_failed`. */
    pause(id: string): Promise<void>;
    /** Has them go on, or throws `pause_failed`; one that has ended is fine. */
    resume(id: string): Promise<void>;
  };
}

/** How one more command in a session's container gets its variables. */
export interface ExecGates {
  /**
   * Makes a gate for one more command in a session's container. Throws `state_unusable`.
   *
   * @returns `argv` waits at it and becomes the command; `open` hands over once, or lets it go without.
   */
  createExecGate(sessionId: string): Promise<{
    readonly argv: readonly string[];
    open(payload: Payload, signal: AbortSignal): Promise<void>;
  }>;
}
