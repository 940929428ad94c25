import type { Ending } from "../../outcome.ts";
import type { Profile } from "../../profile/profile.ts";
import type { SessionDocument } from "../../session-document.ts";
import type { Peaks } from "../port/executor.ts";

/** What a session has used, as fields of its record. */
export function peakFields(
  { memoryBytes, pids, cpuSeconds }: Peaks,
  { outcome }: Pick<Ending, "outcome">,
  profile: Pick<Profile, "memoryBytes">,
): Pick<SessionDocument, "peak_memory_bytes" | "peak_pids" | "cpu_seconds"> {
  return {
    // A session that ran out of memory has used all of it, even if less was seen before.
    peak_memory_bytes:
      (outcome === "out_of_memory" ? profile.memoryBytes : memoryBytes) ?? memoryBytes ?? null,
    peak_pids: pids ?? null,
    cpu_seconds: cpuSeconds ?? null,
  };
}
