import type { Credentials, Engine, HostPaths, OpenRecord, SessionProfile, Workspaces } from "./ports.ts";
import type { ReleaseStack } from "./release-stack.ts";

/** How long preparing may take from the start of a launch until the gate opens: one hour. */
export const PREPARATION_LIMIT_MS = 60 * 60 * 1000;

/** What a launch works with. */
export interface LaunchContext {
  readonly instance: string;
  readonly profile: SessionProfile;
  readonly record: OpenRecord;
  readonly engine: Engine;
  readonly workspaces: Workspaces;
  readonly credentials: Credentials;
  readonly hostPaths: HostPaths;
  /** Takes over everything that the launch acquires, whether it succeeds or not. */
  readonly resources: ReleaseStack;
  /** The session's own deadline and grace in all, in milliseconds; undefined without a deadline. */
  readonly lifetimeMs: number | undefined;
  /** Told what the session is busy with, as `agentd ps` shows it: "cloning https://host/path.git". */
  readonly onActivity: (activity: string) => void;
  /** Aborted when the session is told to stop or preparing takes too long. */
  readonly signal: AbortSignal;
}
