/** What a session has on the disk of this host. */
import { volumeId } from "../profile/rules/volumes.ts";
import type { DiskJob, DiskUse } from "../sessions/port/live-job.ts";
import { containerName } from "./container-request.ts";
import type { LocalParts } from "./parts.ts";

/** As `LiveJobs.diskUse`. */
export async function diskUse(
  parts: Pick<LocalParts, "instance" | "engine" | "workspaces" | "volumes">,
  job: DiskJob,
  containerId: string,
): Promise<DiskUse> {
  const { engine } = parts;
  const volumes: { id: string; bytes: number; limitBytes: number }[] = [];
  for (const { id, directory, limitBytes } of boundedVolumes(parts, job))
    volumes.push({ id, limitBytes, bytes: await engine.live.treeBytes([directory]) });
  return { bytes: await engine.live.diskBytes(containerId, await directoriesOf(parts, job)), volumes };
}

async function directoriesOf(
  { instance, engine, workspaces }: Pick<LocalParts, "instance" | "engine" | "workspaces">,
  { sessionId, profile, runaDirectory }: DiskJob,
): Promise<string[]> {
  const { repoDirectory, homeDirectory, volumesDirectory } = workspaces.directories(sessionId);
  const homeVolume = await engine.homeDirectory(containerName(instance, sessionId));
  const hasCopies = profile.volumes.some(({ mode }) => mode === "copy");
  return [
    ...[repoDirectory, homeDirectory, runaDirectory],
    ...(hasCopies ? [volumesDirectory] : []),
    ...(homeVolume === undefined ? [] : [homeVolume]),
  ];
}

function boundedVolumes({ volumes }: Pick<LocalParts, "volumes">, { profile }: DiskJob) {
  return profile.volumes.flatMap((volume) => {
    const { mode, sizeBytes: limitBytes } = volume;
    if (mode === "copy" || limitBytes === undefined) return [];
    const id = volumeId(profile.name, volume);
    return [{ id, directory: volumes.directoryOf(id), limitBytes }];
  });
}
