/** What a session has on the disk of this host. */
import type { DiskJob, DiskUse } from "../sessions/port/live-job.ts";
import { containerName } from "./container-request.ts";
import type { LocalParts } from "./parts.ts";

/** As `LiveJobs.diskUse`. */
export async function diskUse(
  { instance, engine, workspaces }: Pick<LocalParts, "instance" | "engine" | "workspaces">,
  { sessionId, runaDirectory }: DiskJob,
  containerId: string,
): Promise<DiskUse> {
  const { repoDirectory, homeDirectory } = workspaces.directories(sessionId);
  const homeVolume = await engine.homeDirectory(containerName(instance, sessionId));
  const directories = [repoDirectory, homeDirectory, runaDirectory];
  const all = homeVolume === undefined ? directories : [...directories, homeVolume];
  return { bytes: await engine.live.diskBytes(containerId, all) };
}
