/** Makes an image ready before a session asks for it: here, and with its copy for the ids of sessions. */
import { idMappings } from "../podman/containers/container-spec.ts";
import type { EngineFeatures } from "../podman/host/host-features.ts";
import type { HostPrograms } from "./host-programs.ts";

/** @throws AgentdError `image_missing` with Podman's words. */
export async function pullFromRegistry(reference: string, programs: HostPrograms): Promise<void> {
  await programs.run({
    program: "podman",
    args: ["pull", "--quiet", "--", reference],
    tried: `pull ${reference}`,
    next: "Check the name of the image, the network and the registry's login (podman login).",
    code: "image_missing",
  });
}

/**
 * Makes the copy whose files have the owners that sessions see, by a container that never starts.
 *
 * @throws AgentdError `engine_failed` with Podman's words.
 */
export async function makeShiftedCopy(
  id: string,
  features: Pick<EngineFeatures, "subordinate">,
  programs: HostPrograms,
): Promise<void> {
  const { UIDMap, GIDMap } = idMappings(features);
  const ranges = (flag: string, maps: typeof UIDMap): string[] =>
    maps.map(({ container_id: inside, host_id: outside, size }) => `${flag}=${inside}:${outside}:${size}`);
  const run = {
    program: "podman",
    next: "Check this host with agentd doctor.",
    code: "engine_failed",
  } as const;
  const created = await programs.run({
    ...run,
    args: [
      ...["create", "--quiet", "--pull=never", "--network=none", "--cap-drop=all", "--image-volume=ignore"],
      ...[...ranges("--uidmap", UIDMap), ...ranges("--gidmap", GIDMap)],
      ...["--entrypoint=[]", "--", id, "never-started"],
    ],
    tried: `prepare the image ${id.slice(0, 12)}`,
  });
  await programs.run({
    ...run,
    args: ["rm", "--volumes", "--", created.trim()],
    tried: `remove the container ${created.trim().slice(0, 12)}, which prepared an image`,
  });
}
