import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError } from "../errors.ts";
import type { Volumes } from "../local/volume-ports.ts";
import { VolumeStore } from "../volumes/volume-store.ts";
import type { DirectoryCopier } from "../workspace/directory-copier.ts";
import { type RemoveTree, Staging } from "../workspace/staging.ts";
import { type Places, stagingBelow } from "./places.ts";

/** The volumes below the state directory, with copies in the staging directories of sessions. */
export function volumesOf(
  { state, cache }: Pick<Places, "state" | "cache">,
  {
    remove,
    copier,
    now,
  }: { readonly remove: RemoveTree; readonly copier: DirectoryCopier; readonly now: () => number },
): Volumes {
  const store = new VolumeStore(state, { removeTree: remove, now });
  return {
    directoryOf: (id) => store.directoryOf(id),
    open: (id) => store.open(id),
    empty: (id) => store.empty(id),
    copy: async (id, sessionId, signal) => {
      const source = await store.open(id);
      const { volumesDirectory } = new Staging(stagingBelow(cache), sessionId);
      const target = join(volumesDirectory, id);
      await mkdir(target, { recursive: true });
      await chmod(target, 0o755);
      const request = { source, target, ignore: [], limitBytes: Number.MAX_SAFE_INTEGER };
      try {
        await copier.copy(request, { signal, onProgress: () => undefined });
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error;
        throw new AgentdError("volume_failed", {
          tried: `copy the volume ${id}`,
          why: error.why,
          next: 'Give the session the volume itself (mode = "exclusive"), or remove it with `agentd volume rm`.',
          cause: error,
        });
      }
      return target;
    },
  };
}
