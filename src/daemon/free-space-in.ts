import type { Admission } from "../sessions/queue/admission.ts";
import { FreeSpace } from "../sessions/queue/free-space.ts";
import type { CurrentConfig } from "./configuration/current-config.ts";
import type { Places } from "./places.ts";

/** Of the file systems that sessions write to. */
export function freeSpaceIn(
  { auditRoot, cache, state }: Places,
  current: CurrentConfig,
  admission: Pick<Admission, "hold" | "hasWaiting">,
): FreeSpace {
  return new FreeSpace({
    places: [
      { what: "records", directory: auditRoot },
      { what: "clones", directory: cache },
      { what: "state", directory: state },
    ],
    minFreeBytes: () => current.config.daemon.minFreeBytes,
    admission,
  });
}
