/** Running a session again, with what its record says. */
import type { Params } from "../api/methods.ts";
import { readGivenFiles } from "../audit/read/given-files.ts";
import { AgentdError } from "../errors.ts";
import type { SessionView } from "../session-document.ts";
import type { RunRequest } from "../sessions/intake.ts";

/**
 * The run of a session once more: with the profile as it is now and all else as it was.
 *
 * @throws AgentdError `ref_invalid` when the session has no commit to use again.
 */
export function rerunRequest(params: Params<"rerun">, session: SessionView): RunRequest {
  const { request_id: requestId, ref, same_commit: sameCommit = false, timeout_ms: timeoutMs } = params;
  const tried = `run session ${session.session_id} again`;
  if (sameCommit && ref !== undefined) {
    throw new AgentdError("ref_invalid", {
      tried,
      why: "it is to use another ref and the same commit",
      next: "Leave one of them out.",
    });
  }
  if (sameCommit && session.commit === null) {
    throw new AgentdError("ref_invalid", {
      tried: `${tried} at the same commit`,
      why: "it has none: the repository was not cloned",
      next: "Run it without --same-commit, or name a ref with --ref.",
    });
  }
  return {
    requestId,
    profile: session.profile,
    repo: session.repo_url ?? undefined,
    ref: ref ?? (sameCommit ? session.commit : session.ref) ?? undefined,
    workUnit: session.work_unit ?? undefined,
    timeoutMs,
    env: session.env,
    keep: params.keep,
    rerunOf: session.session_id,
    given: () => readGivenFiles(session.record, session),
  };
}
