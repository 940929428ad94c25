/** A file of the host that a profile puts into the homes of its sessions, as it is when a session starts. */
import { AgentdError } from "../errors.ts";
import { HOME_FILE_BYTES } from "../profile/keys/home.ts";
import { readRegularFile } from "../regular-file.ts";
import { type ProtectedPath, resolveSource } from "./mount-sources.ts";

/**
 * Its content, with every link on the way to it followed.
 *
 * @param source absolute.
 * @throws AgentdError `file_invalid` when it is not a regular file of at most 1 MiB, or must not be handed over.
 */
export async function readHomeFile(source: string, protectedOnes: readonly ProtectedPath[]): Promise<Buffer> {
  const refused = (why: string, cause?: unknown): AgentdError =>
    new AgentdError("file_invalid", {
      tried: `read ${source} for the session's home`,
      why,
      next: "Fix the source of this file in the profile.",
      details: { source },
      cause,
    });
  const resolved = await resolveSource(source, protectedOnes, refused);
  return await readRegularFile(resolved, HOME_FILE_BYTES).catch((error: unknown) => {
    throw refused(error instanceof Error ? error.message : String(error), error);
  });
}
