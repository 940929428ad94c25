import { allEnded } from "../../all-ended.ts";
import type { Ending } from "../../outcome.ts";
import type { SessionDocument } from "../../session-document.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import type { OpenRecord } from "../port/ports.ts";
import type { Place } from "../queue/place.ts";
import { CUT_LOG_WARNING, endsInMiddleOfLine } from "../run/output-loss.ts";
import type { KeepTrail, PublishTrail } from "../state/beginning.ts";
import { isPlaced } from "../state/plan.ts";
import { exportStage } from "./export-stage.ts";
import { keepStage } from "./keep-stage.ts";
import { networkStage } from "./network-stage.ts";
import { publishStage } from "./publish-stage.ts";
import { redactStage } from "./redact-stage.ts";

/** How a session ended, and what of its end an earlier daemon has done. */
export interface Ended {
  readonly ending: Ending;
  /** When the command ended, as far as that is known. */
  readonly endTimestamp: string;
  /** Whether its work was exported already. */
  readonly isExported: boolean;
  readonly publishing: PublishTrail;
  readonly keeping: KeepTrail;
}

/**
 * Journals the end before anything is torn down, tears down and seals; tries again until all of it has worked. Once no
 * process of the session lives, its work is exported and published, and its files are removed. A session that is kept loses
 * neither its container, which has ended, nor its files.
 *
 * @param place given back when the steps fail again and again: others may run meanwhile.
 * @returns undefined when the daemon left the session before that.
 */
export async function finish(
  parts: SessionParts,
  { ending: end, endTimestamp, isExported, publishing, keeping }: Ended,
  place: Place,
): Promise<SessionDocument | undefined> {
  const { host, record, standing, orders, job, leaving, log } = parts;
  const { executor, failpoints } = host;
  // An ordered end stays ordered even when it was not seen.
  const mayStillRun = end.outcome === "interrupted" || orders.taken !== undefined;
  // Its exit code was seen, so all its processes are gone: taking the work out need not wait until its container is removed.
  const isOver = !mayStillRun && end.exit_code !== null && !isPlaced(parts.plan);
  let isReleased = false;
  const exportWork = exportStage(parts, isExported);
  const publishWork = publishStage(parts, { outcome: end.outcome, endTimestamp, publishing });
  const keeper = keepStage(parts, end.outcome, keeping);
  const steps = async (): Promise<SessionDocument> => {
    await standing.settle();
    if (standing.state !== "finishing") {
      await standing.enter("finishing", "ended", { ...end, end_timestamp: endTimestamp });
      await failpoints.reach("finishing_journaled");
    }
    standing.activity = "removing its container";
    if (!isReleased) {
      const isWanted = await keeper.isWanted();
      const endProcesses = async (): Promise<void> => {
        const found = isWanted ? undefined : await executor.endProcesses(job, { mayStillRun });
        // That of a session which was stopped before this daemon knew that it ran.
        if (found !== undefined && record.document.placement === null)
          await standing.conclude("node_record", { ...found.fields, warnings: found.warnings }, found.fields);
        await networkStage(parts);
      };
      const takeWork = async (): Promise<void> => {
        await exportWork();
        await publishWork();
      };
      if (isOver && !isWanted) {
        const emptied = takeWork().then(() => executor.releaseWork(job, { onRemoving: standing.removing }));
        await allEnded([endProcesses(), emptied]);
      } else {
        await endProcesses();
        await takeWork();
      }
      const isKept = isWanted && (await keeper.keep());
      standing.activity = "removing its files on the host";
      await executor.release(job, { mayStillRun, isKept, onRemoving: standing.removing });
    }
    isReleased = true;
    await redactStage(parts);
    standing.activity = "sealing its record";
    const { name, after } = job.profile;
    const commands = after.map(({ command }) => command);
    const { id: sessionId, directory } = record;
    if (commands.length > 0) await host.afterwards.owe({ sessionId, profile: name, directory, commands });
    const { retry } = job.profile;
    const { outcome } = end;
    const retryNumber = record.document.retry_number ?? 0;
    await host.followUps.owe({
      ...{ sessionId, profile: name, directory, outcome, endTimestamp, retry, retryNumber },
    });
    await failpoints.reach("sealing");
    const document = await record.seal({
      ...end,
      end_timestamp: endTimestamp,
      ...(await lostOutput(record)),
    });
    await failpoints.reach("sealed");
    await record.retire();
    host.keeping.sealed(sessionId);
    if (commands.length > 0) host.afterwards.sealed(sessionId);
    host.followUps.sealed(sessionId);
    return document;
  };
  const document = await standing.untilItSucceeds(steps, leaving, (failures) =>
    place.giveBackAfter(failures),
  );
  if (document === undefined) return undefined;
  standing.enterSealed();
  log.info({ outcome: end.outcome, exit_code: end.exit_code, stage: end.stage }, "session sealed");
  return document;
}

/** What the record says about output that is missing in it. No process writes the console log any more. */
async function lostOutput({
  consoleLogPath,
  document: { output_lost: isLost, warnings },
}: OpenRecord): Promise<Pick<SessionDocument, "output_lost" | "warnings">> {
  if (isLost === true || !(await endsInMiddleOfLine(consoleLogPath))) {
    return { output_lost: isLost ?? false, warnings };
  }
  return { output_lost: true, warnings: [...warnings, CUT_LOG_WARNING] };
}
