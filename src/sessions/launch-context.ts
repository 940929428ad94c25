import type { Activities } from "./activities.ts";
import type { OpenRecord, SessionProfile } from "./ports.ts";
import type { ReleaseStack } from "./release-stack.ts";
import type { OnRemoving } from "./releases.ts";
import type { SessionHost } from "./session-host.ts";

/** How long preparing may take from the start of a launch until the gate opens: one hour. */
export const PREPARATION_LIMIT_MS = 60 * 60 * 1000;

/** What a launch works with. */
export interface LaunchContext extends Pick<
  SessionHost,
  "instance" | "engine" | "workspaces" | "credentials" | "hostPaths" | "failpoints"
> {
  readonly profile: SessionProfile;
  readonly record: OpenRecord;
  /** Takes over everything that the launch acquires, whether it succeeds or not. */
  readonly resources: ReleaseStack;
  /** The session's own deadline and grace in all, in milliseconds; undefined without a deadline. */
  readonly lifetimeMs: number | undefined;
  /** What the session is busy with, as `agentd ps` shows it: "cloning https://host/path.git". */
  readonly activities: Activities;
  /** Told how many entries are removed while a large staging directory is. */
  readonly onRemoving: OnRemoving;
  /** Aborted when the session is told to stop, preparing takes too long, or the daemon leaves its sessions. */
  readonly signal: AbortSignal;
}
