import { AgentdError, sentence } from "../../errors.ts";
import { isFailure, type Outcome } from "../../outcome.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import type { KeepTrail } from "../state/beginning.ts";

/** The step that keeps what a session has left, once in its life: the journal says that it did, or why not. */
export interface KeepStage {
  /** Whether the session's container is to stay. */
  isWanted(): Promise<boolean>;
  /**
   * Keeps it. May be called again after it has thrown: when the daemon leaves the session, and when the journal cannot be written.
   *
   * @returns whether it is kept.
   */
  keep(): Promise<boolean>;
}

/**
 * A session is kept after its work is out and before its record is sealed. That it is kept is written down before the journal
 * says so. Cut short between the two, it is kept once more; whichever daemon sweeps meanwhile takes nothing away.
 *
 * A session whose command never started, and one whose end nobody saw, has nothing to look into.
 *
 * @param trail what an earlier daemon has done.
 */
export function keepStage(parts: SessionParts, outcome: Outcome, trail: KeepTrail): KeepStage {
  const { host, record, standing, job, leaving, log } = parts;
  const { executor, keeping, failpoints } = host;
  const { profile, sessionId, runaDirectory } = job;
  let { isKept, isDone } = trail;

  const isAsked = (): boolean => {
    const { keep } = profile;
    if (keep === "never" || record.document.start_timestamp === null || outcome === "interrupted")
      return false;
    return keep === "always" || isFailure({ outcome });
  };

  const attempt = async (): Promise<{ until: string; bytes: number } | Error> => {
    try {
      leaving.throwIfAborted();
      const bytes = await executor.kept.keep({ sessionId, runaDirectory }, { signal: leaving });
      const { directory } = record;
      const until = await keeping.add({
        ...{ sessionId, profile, directory, bytes },
        hasInput: job.input !== undefined,
      });
      return { until, bytes };
    } catch (error) {
      leaving.throwIfAborted();
      return error instanceof Error ? error : new Error(String(error));
    }
  };

  return {
    isWanted: async () => {
      if (isDone) return isKept;
      if (!isAsked()) return false;
      const isThere = await executor.kept.hasEnded(sessionId);
      // An earlier daemon may have come as far as the list.
      if (!isThere) await keeping.drop(sessionId);
      return isThere;
    },
    keep: async () => {
      if (isDone) return isKept;
      standing.activity = "keeping what it has left";
      await failpoints.reach("keeping");
      const kept = await attempt();
      await failpoints.reach("kept");
      if (kept instanceof Error) {
        log.warn({ error: kept }, "the session is not kept");
        await keeping.drop(sessionId);
        const why = (kept instanceof AgentdError ? kept.why : sentence(kept)).replace(/\.$/, "");
        await standing.conclude("keep_failed", { warnings: [`The session is not kept: ${why}.`] });
      } else {
        const { until, bytes } = kept;
        await standing.conclude("kept", { until_timestamp: until, bytes, warnings: [] });
      }
      isKept = !(kept instanceof Error);
      isDone = true;
      return isKept;
    },
  };
}
