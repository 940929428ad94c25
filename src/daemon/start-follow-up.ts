/** From a session that has ended to the run that follows it. */
import { readView } from "../audit/read/record-view.ts";
import type { Before } from "../followups/follow-ups.ts";
import type { FollowUp } from "../followups/follow-ups-of.ts";
import type { RunRequest } from "../sessions/intake.ts";
import { rerunRequest } from "./rerun.ts";

/**
 * The run that follows. Its request id names the session before it, so that it is accepted once.
 *
 * @throws AgentdError `record_unusable`.
 */
export async function followUpRequest(run: FollowUp, { sessionId, directory }: Before): Promise<RunRequest> {
  const session = await readView(directory, "");
  if (run.kind === "chain") {
    return {
      requestId: `chain ${sessionId} ${run.profile}`,
      profile: run.profile,
      workUnit: session.work_unit ?? undefined,
      afterSession: sessionId,
    };
  }
  const again = rerunRequest({ request_id: `retry ${sessionId}`, session: sessionId }, session);
  const retry = { of: sessionId, number: run.number, scheduleName: session.schedule_name };
  return { ...again, rerunOf: undefined, retry };
}
