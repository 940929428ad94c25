/** Makes what a kept session needs besides its container and its clone. */
import { AgentdError } from "../errors.ts";
import type { DirectoryCopier } from "../workspace/directory-copier.ts";
import type { Staging } from "../workspace/staging.ts";

/**
 * Copies what a session has as `.runa`, before the seal takes it into the record, and removes what only its export has needed.
 *
 * @param options.limitBytes the most that is copied.
 * @throws AgentdError `directory_invalid` when it cannot be copied; the signal's reason.
 */
export async function keepFiles(
  staging: Staging,
  runaDirectory: string,
  options: { readonly copier: DirectoryCopier; readonly limitBytes: number; readonly signal: AbortSignal },
): Promise<void> {
  const { copier, limitBytes, signal } = options;
  await staging.renewRuna();
  const request = { source: runaDirectory, target: staging.runaDirectory, ignore: [], limitBytes };
  try {
    await copier.copy({ ...request, isRepository: false }, { signal, onProgress: () => undefined });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AgentdError)) throw error;
    throw new AgentdError("directory_invalid", {
      tried: "copy .runa",
      why: `its .runa cannot be copied: ${error.why}`,
      cause: error,
    });
  }
  await staging.removeExport();
}
