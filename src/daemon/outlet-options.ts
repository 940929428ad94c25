import type { Environment } from "../environment.ts";
import type { EventFeed } from "../events/feed.ts";
import type { Logger } from "../log.ts";
import type { ReleaseStack } from "../release-stack.ts";
import type { CredentialVariables } from "./configuration/credential-variables.ts";
import type { CurrentConfig } from "./configuration/current-config.ts";

/** What everything needs that passes events on to others, while the daemon runs. */
export interface OutletOptions {
  readonly feed: EventFeed;
  readonly current: CurrentConfig;
  readonly credentials: CredentialVariables;
  /** The daemon's. */
  readonly environment: Environment;
  readonly stateDirectory: string;
  readonly instance: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly resources: ReleaseStack;
}
