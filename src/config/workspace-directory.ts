/** The directory of the host that a profile's sessions get a copy of, as it is when a session starts. */
import type { AgentdError } from "../errors.ts";
import { directoryInvalid } from "../workspace/directory-copier.ts";
import { type ProtectedPath, resolveSource } from "./mount-sources.ts";

/**
 * The directory with every link followed: what is to be copied.
 *
 * @param directory absolute.
 * @throws AgentdError `directory_invalid` when there is none, or when it must not be handed over.
 */
export async function resolveDirectory(
  directory: string,
  protectedOnes: readonly ProtectedPath[],
): Promise<string> {
  const refused = (why: string, cause?: unknown): AgentdError => directoryInvalid(directory, why, cause);
  return await resolveSource(directory, protectedOnes, refused);
}
