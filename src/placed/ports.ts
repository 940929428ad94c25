/** What the executor for other machines needs of the rooms beside it. The composition root passes in the implementations. */
import type { Failpoints } from "../failpoints.ts";
import type { Logger } from "../log.ts";
import type { ChannelConnection } from "../placement/channel/control.ts";
import type { Placement } from "../placement/placement.ts";
import type { Profile } from "../profile/profile.ts";

export interface PlacedParts {
  /** 8 hex digits of the daemon's instance. */
  readonly head: string;
  readonly placement: Placement;
  readonly channel: Pick<ChannelConnection, "call"> & { fingerprint(): Promise<string> };
  /** Where nodes reach the channel. */
  readonly address: string;
  /** For what is kept of placed sessions; absolute. */
  readonly directory: string;
  /** Where the channel writes down who has claimed a session. */
  readonly claimsOf: (sessionId: string) => string;
  readonly credentials: PlacedCredentials;
  /** The most that a record may have, in bytes, and what it leaves free; asked for each session. */
  readonly limits: () => {
    readonly recordBytes: number;
    readonly exportBytes: number;
    readonly minFreeBytes: number;
  };
  /** Of agentd. */
  readonly version: string;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly failpoints: Failpoints;
  readonly log: Logger;
}

/** The values that a session needs on its node. */
export interface PlacedCredentials {
  /**
   * By the names of the daemon's variables.
   *
   * @throws AgentdError `credential_unset`, `credential_invalid`.
   */
  valuesOf(profile: Profile): Readonly<Record<string, string>>;
  /** Keeps what finds them again in what the session prints. */
  remember(session: { readonly sessionId: string; readonly profile: Profile }): Promise<void>;
}
