import type { Ending } from "../outcome.ts";
import type { SessionDocument } from "../session-document.ts";
import { containerName } from "./container-request.ts";
import type { SessionParts } from "./session-parts.ts";

/**
 * Journals the end before anything is torn down, tears down and seals; tries again until all of it has worked.
 *
 * @param endTimestamp when the command ended, as far as that is known.
 * @returns undefined when the daemon left the session before that.
 */
export async function finish(
  parts: SessionParts,
  end: Ending,
  endTimestamp: string,
): Promise<SessionDocument | undefined> {
  const { host, record, standing, orders, resources, leaving, log } = parts;
  const { failpoints } = host;
  // An ordered end stays one also when conmon has died under it.
  if (end.outcome === "interrupted" || orders.taken !== undefined) deferFirstProcess(parts);
  const steps = async (): Promise<SessionDocument> => {
    await standing.settle();
    if (standing.state !== "finishing") {
      await standing.enter("finishing", "ended", { ...end, end_timestamp: endTimestamp });
      await failpoints.reach("finishing_journaled");
    }
    await resources.release();
    standing.activity = undefined;
    await failpoints.reach("sealing");
    const document = await record.seal({ ...end, end_timestamp: endTimestamp });
    await failpoints.reach("sealed");
    await record.retire();
    return document;
  };
  const document = await standing.untilItSucceeds(steps, leaving);
  if (document === undefined) return undefined;
  standing.enterSealed();
  log.info({ outcome: end.outcome, exit_code: end.exit_code, stage: end.stage }, "session sealed");
  return document;
}

/** When conmon has died the engine cannot end what runs in the container, and may remove it all the same. */
function deferFirstProcess({ host, plan, record, resources }: SessionParts): void {
  const { instance, engine, credentials } = host;
  const argv = credentials.launcherArgv(plan.profile.command);
  resources.defer("first process", () => engine.endFirstProcess(containerName(instance, record.id), argv));
}
