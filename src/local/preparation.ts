import type { Job, Preparing } from "../sessions/port/executor.ts";
import type { ImageLookups } from "./image-lookups.ts";
import type { LocalParts } from "./parts.ts";
import type { OnRemoving, Releases } from "./releases.ts";
import type { WarmPool } from "./warm-pool.ts";

/** One preparation, and what its steps share. */
export interface Preparation {
  readonly parts: LocalParts;
  readonly job: Job;
  readonly preparing: Preparing;
  /** Takes over everything that is made, even when the preparation fails. */
  readonly releases: Releases;
  readonly onRemoving: OnRemoving;
  /** Containers that may be taken. */
  readonly pool: Pick<WarmPool, "take">;
  readonly images: Pick<ImageLookups, "find">;
}
