/** Gives a session the volumes of its profile. */
import type { Mount } from "../profile/profile.ts";
import { volumeId } from "../profile/rules/volumes.ts";
import type { Preparation } from "./preparation.ts";

/**
 * Makes what is missing of the volumes, and copies those of which each session has its own. A volume that is larger than it may be
 * is emptied: its sessions would be ended one after another.
 *
 * @returns where to mount what.
 * @throws AgentdError `volume_failed`, `engine_failed`; the signal's reason.
 */
export async function openVolumes(preparation: Preparation, signal: AbortSignal): Promise<Mount[]> {
  const { parts, job, preparing } = preparation;
  const { name, volumes } = job.profile;
  if (volumes.length === 0) return [];
  const mounts: Mount[] = [];
  const warnings: string[] = [];
  for (const volume of volumes) {
    const id = volumeId(name, volume);
    const { target, mode, sizeBytes } = volume;
    if (mode === "exclusive") {
      const directory = await parts.volumes.open(id);
      const bytes = sizeBytes === undefined ? 0 : await parts.engine.live.treeBytes([directory]);
      if (sizeBytes !== undefined && bytes > sizeBytes) {
        await parts.volumes.empty(id);
        warnings.push(
          `The volume ${id} had ${bytes} bytes on the disk, more than its size (${sizeBytes} bytes), and was emptied.`,
        );
      }
    }
    const source =
      mode === "exclusive"
        ? parts.volumes.directoryOf(id)
        : await preparing.during(`copying the volume ${id}`, () =>
            parts.volumes.copy(id, job.sessionId, signal),
          );
    mounts.push({ source, target, readOnly: false, relabel: "private" });
  }
  const ids = volumes.map((volume) => volumeId(name, volume));
  await preparing.found("volumes_opened", { volumes: ids, warnings });
  await parts.failpoints.reach("volumes_opened");
  return mounts;
}
