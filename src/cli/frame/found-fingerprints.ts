import { join } from "node:path";
import { AgentdError } from "../../errors.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import type { LocalContext } from "./context.ts";

/** Reads the fingerprints of a session where the daemon keeps them; undefined where they are gone. */
export async function findFingerprints(
  sessionId: string,
  { installation, stateDirectory }: Pick<LocalContext, "installation" | "stateDirectory">,
): Promise<Fingerprints | undefined> {
  const [{ runtimeDirectory }, { instanceId }, { readFingerprints }] = await Promise.all([
    import("../../config/paths.ts"),
    import("../../config/instance-id.ts"),
    import("../../redaction/kept-fingerprints.ts"),
  ]);
  try {
    const runtime = join(runtimeDirectory(installation.host), instanceId(stateDirectory));
    return await readFingerprints(runtime, sessionId);
  } catch (error) {
    // Without a runtime directory there are none.
    if (error instanceof AgentdError) return undefined;
    throw error;
  }
}
