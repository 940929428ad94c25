import { saysDiskFull } from "../../disk-full.ts";
import { sentence } from "../../errors.ts";
import type { SessionParts } from "../parts/session-parts.ts";

/** For so long an export is tried again while a disk is full: the files that it would need are removed after that. */
export const FULL_DISK_PATIENCE_MS = 10 * 60 * 1000;

/**
 * The step that takes an agent's work out, once in the life of a session: the journal says that it was done, or that it
 * failed. A failure is a warning in the record, and never another outcome.
 *
 * A session whose command never started has nothing to export.
 *
 * @param wasDone by an earlier daemon.
 * @returns the step. It may be called again after it has thrown: when the daemon leaves the session, when a disk is full,
 * and when the journal cannot be written.
 */
export function exportStage(parts: SessionParts, wasDone: boolean): () => Promise<void> {
  const { host, record, standing, job, leaving, log } = parts;
  const { executor, failpoints, clock } = host;
  let isDone = wasDone || record.document.start_timestamp === null;
  let givesUpAt: number | undefined;

  const attempt = async (): Promise<Awaited<ReturnType<typeof executor.exportWork>> | Error> => {
    try {
      leaving.throwIfAborted();
      return await executor.exportWork(job, {
        directory: record.workDirectory,
        artifactsDirectory: record.artifactsDirectory,
        signal: leaving,
      });
    } catch (error) {
      leaving.throwIfAborted();
      givesUpAt ??= clock.monotonic() + FULL_DISK_PATIENCE_MS;
      if (saysDiskFull(error) && clock.monotonic() < givesUpAt) throw error;
      return error instanceof Error ? error : new Error(String(error));
    }
  };

  return async () => {
    if (isDone) return;
    standing.activity = "exporting its work";
    await failpoints.reach("exporting");
    const exported = await attempt();
    await failpoints.reach("exported");
    if (exported instanceof Error) {
      log.warn({ error: exported }, "the work of the session was not exported");
      const why = sentence(exported).replace(/\.$/, "");
      await standing.conclude("export_failed", {
        warnings: [`The session's work was not exported: ${why}.`],
      });
    } else {
      const { work, artifacts, warnings } = exported;
      await standing.conclude("exported", { ...work, artifacts, warnings }, { work, artifacts });
    }
    isDone = true;
  };
}
