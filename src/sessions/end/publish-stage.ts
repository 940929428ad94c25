import { sentence } from "../../errors.ts";
import type { Outcome } from "../../outcome.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import type { PublishedWork, PushedBranch } from "../port/publication.ts";
import type { PublishTrail } from "../state/beginning.ts";

export interface PublishStage {
  readonly outcome: Outcome;
  /** RFC 3339. */
  readonly endTimestamp: string;
  /** What was done by an earlier daemon. */
  readonly publishing: PublishTrail;
}

/**
 * The step that publishes a session's work, once in its life: the journal says what came of it. A failure is a warning in
 * the record, and never another outcome: the work is in the record in any case.
 *
 * Each push is journaled before and after. A daemon that dies in between leaves it to the next one, which pushes the same
 * commit to the same branch, or finds it there.
 *
 * @returns the step. It may be called again after it has thrown: when the daemon leaves the session, and when the journal
 * cannot be written.
 */
export function publishStage(
  parts: SessionParts,
  { outcome, endTimestamp, publishing }: PublishStage,
): () => Promise<void> {
  const { host, record, standing, job, leaving, log } = parts;
  const { executor, failpoints } = host;
  const settings = job.profile.publish;
  let { isDone, pushed } = publishing;

  const attempt = async (startTimestamp: string): Promise<PublishedWork | Error> => {
    const failures: unknown[] = [];
    const journal = async (event: string, branch: PushedBranch): Promise<void> => {
      try {
        await standing.conclude(event, { ...branch, warnings: [] });
      } catch (error) {
        failures.push(error);
        throw error;
      }
    };
    try {
      leaving.throwIfAborted();
      return await executor.publishWork(job, {
        directory: record.workDirectory,
        ...{ startTimestamp, endTimestamp, pushed, signal: leaving },
        onPushing: async (branch) => {
          await journal("publishing", branch);
          await failpoints.reach("publishing");
        },
        onPushed: async (branch) => {
          await failpoints.reach("pushed");
          await journal("pushed", branch);
          pushed = branch;
        },
      });
    } catch (error) {
      leaving.throwIfAborted();
      // The journal's failure is no result: the step is tried again.
      if (failures.length > 0) throw failures[0];
      return error instanceof Error ? error : new Error(String(error));
    }
  };

  return async () => {
    const { start_timestamp: startTimestamp, work } = record.document;
    const isWanted = settings?.on.includes(outcome) === true && startTimestamp !== null && work !== null;
    if (isDone || !isWanted) return;
    standing.activity = "publishing its work";
    const result = await attempt(startTimestamp);
    await failpoints.reach("published");
    if (result instanceof Error) {
      log.warn({ error: result }, "the work of the session was not published");
      const why = sentence(result).replace(/\.$/, "");
      await standing.conclude("publish_failed", {
        warnings: [`The session's work was not published: ${why}.`],
      });
    } else if (result.kind === "nothing") {
      await standing.conclude("nothing_published", { why: result.why, warnings: [] });
    } else {
      const { published, warnings } = result;
      await standing.conclude("published", { ...published, warnings }, { published });
    }
    isDone = true;
  };
}
