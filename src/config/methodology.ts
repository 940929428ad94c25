/** The methodology directory of a profile, as it is when a session starts. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, systemCode } from "../errors.ts";
import { type ProtectedPath, resolveSource } from "./mount-sources.ts";

const MANIFEST = "manifest.toml";

/**
 * The methodology directory with every link followed: what is to be mounted.
 *
 * @throws AgentdError `methodology_invalid` when it is not a directory with a `manifest.toml`, or is protected.
 */
export async function checkMethodology(
  directory: string,
  protectedOnes: readonly ProtectedPath[],
): Promise<string> {
  const refused = (why: string, cause?: unknown): AgentdError =>
    new AgentdError("methodology_invalid", {
      tried: `use the methodology ${directory}`,
      why,
      next: `Set methodology_dir in the profile to a directory that contains a ${MANIFEST}.`,
      details: { directory },
      cause,
    });
  const resolved = await resolveSource(directory, protectedOnes, refused);
  if (!(await stat(resolved)).isDirectory()) throw refused("it is not a directory");
  const manifest = await stat(join(resolved, MANIFEST)).catch((error: unknown) => {
    throw refused(
      systemCode(error) === "ENOENT" ? `it has no ${MANIFEST}` : `its ${MANIFEST} cannot be read`,
      error,
    );
  });
  if (!manifest.isFile()) throw refused(`its ${MANIFEST} is not a file`);
  return resolved;
}
