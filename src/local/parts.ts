import type { Failpoints } from "../failpoints.ts";
import type { Logger } from "../log.ts";
import type { Job } from "../sessions/port/executor.ts";
import type { Clock } from "../sessions/port/ports.ts";
import type { HostPaths } from "./host-paths.ts";
import type { Network } from "./network-ports.ts";
import type { Credentials, Engine, Leftovers, Workspaces } from "./ports.ts";
import type { Volumes } from "./volume-ports.ts";
import type { Skeletons, WarmPolicy } from "./warm-ports.ts";

/** What the local executor is made of. */
export interface LocalParts {
  /** Names this daemon's containers. */
  readonly instance: string;
  /** Of this host. */
  readonly hostName: string;
  readonly engine: Engine;
  readonly workspaces: Workspaces;
  readonly credentials: Credentials;
  readonly hostPaths: HostPaths;
  readonly leftovers: Leftovers;
  readonly network: Network;
  readonly volumes: Volumes;
  /** What a session with a sealed record was given when it ran, by the directory of the record. */
  readonly runOfRecord: (directory: string) => Promise<Pick<Job, "workUnit" | "env" | "input">>;
  readonly warm: WarmPolicy & { readonly skeletons: Skeletons };
  readonly clock: Clock;
  readonly log: Logger;
  readonly failpoints: Failpoints;
}
