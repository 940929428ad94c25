import type { Host } from "../config/paths.ts";
import type { DaemonOptions } from "../daemon/daemon-options.ts";
import type { Places } from "../daemon/places.ts";
import type { Logger } from "../log.ts";
import type { ReleaseStack } from "../release-stack.ts";
import type { Told } from "./told.ts";

/** What the runner of one session is started with. */
export interface RunnerOptions {
  /** Host and port of the head's channel. */
  readonly head: string;
  /** SHA-256 of its certificate. */
  readonly fingerprint: string;
  /** Name of the job. */
  readonly job: string;
  /** Works once. */
  readonly token: string;
  /** Whether it goes on with what an earlier runner has left on this node. */
  readonly isResume: boolean;
  /** Where sessions of this user have their state on this node; undefined: below /var/tmp. */
  readonly directory: string | undefined;
}

/** The scripts that sessions need, and the version of agentd. */
export type RunnerBuild = Pick<
  DaemonOptions,
  "version" | "sealWorker" | "removalWorker" | "exportWorker" | "artifactWorker" | "copyWorker" | "gateway"
>;

/** One runner, and what it needs of the process. */
export interface Runner {
  readonly options: RunnerOptions;
  readonly build: RunnerBuild;
  readonly host: Host;
  readonly places: Places;
  readonly sessionId: string;
  readonly pid: number;
  readonly crash: () => void;
  readonly log: Logger;
  readonly told: Told;
  readonly resources: ReleaseStack;
}
