/** What a daemon is started with. */
import type { Shutdown } from "../config/config.ts";
import type { Host } from "../config/paths.ts";
import type { ReleaseStack } from "../release-stack.ts";

/** Options of the command line, and facts of the build. */
export interface DaemonOptions {
  /** Value of `--config`; undefined when it was not given. */
  readonly config?: string | undefined;
  /** Value of `--socket`; undefined when it was not given. */
  readonly socket?: string | undefined;
  /** Value of `--shutdown`; undefined: as configured. */
  readonly shutdown?: Shutdown | undefined;
  readonly version: string;
  /** The script of the worker that seals. */
  readonly sealWorker: string;
  /** The script of a worker that removes a large tree. */
  readonly removalWorker: string;
  /** The script of the worker that exports work. */
  readonly exportWorker: string;
  /** The script of the worker that checks artifacts. */
  readonly artifactWorker: string;
  /** The script of a worker that copies a directory. */
  readonly copyWorker: string;
  /** The script of the worker that removes old records. */
  readonly retentionWorker: string;
  /** The script of the gateway. */
  readonly gateway: string;
  /** The script of the channel to other machines. */
  readonly placement: string;
  /** Directory of the definitions of agents that agentd brings. */
  readonly shippedAgents: string;
}

export interface ComposeOptions extends DaemonOptions {
  readonly host: Host;
  readonly pid: number;
  /** Ends this process as SIGKILL does, for failpoints. */
  readonly crash: () => void;
  /** Takes over everything that is acquired, also when composing fails half-way. */
  readonly resources: ReleaseStack;
}
