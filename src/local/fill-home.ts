/** Puts into a session's home what belongs there from the beginning, before its gate opens. */
import { AgentdError } from "../errors.ts";
import { containerName } from "./container-request.ts";
import { gitIdentity } from "./git-identity.ts";
import type { HomeFile } from "./host-paths.ts";
import type { Staging } from "./ports.ts";
import type { Preparation } from "./preparation.ts";

/**
 * Writes the profile's files and an identity for git. To be called when the container has started: only then has the
 * engine filled the home that an image brings.
 *
 * @throws AgentdError `file_invalid`, `engine_failed`.
 */
export async function fillHome(
  { parts, job }: Preparation,
  {
    staging,
    image,
    files,
  }: {
    readonly staging: Staging;
    readonly image: { readonly bringsHome: boolean };
    readonly files: readonly HomeFile[];
  },
): Promise<void> {
  const { engine, workspaces, instance, hostName, failpoints } = parts;
  const name = containerName(instance, job.sessionId);
  const home = image.bringsHome ? await engine.homeDirectory(name) : staging.homeDirectory;
  if (home === undefined) {
    throw new AgentdError("engine_failed", {
      tried: `find the home of container ${name}`,
      why: "its volume does not exist any more",
      next: "Check that nothing else removes volumes of this user, such as `podman volume prune`.",
    });
  }
  await workspaces.fillHome(home, { files, fallback: gitIdentity(job.profile, hostName) });
  await failpoints.reach("files_written");
}
