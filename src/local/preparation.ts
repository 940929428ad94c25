import type { ReleaseStack } from "../release-stack.ts";
import type { Job, Preparing } from "../sessions/port/executor.ts";
import type { LocalParts } from "./parts.ts";
import type { OnRemoving } from "./releases.ts";

/** One preparation, and what its steps share. */
export interface Preparation {
  readonly parts: LocalParts;
  readonly job: Job;
  readonly preparing: Preparing;
  /** Takes over everything that is made, even when the preparation fails. */
  readonly releases: ReleaseStack;
  readonly onRemoving: OnRemoving;
}
