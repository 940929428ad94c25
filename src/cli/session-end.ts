/**
 * Waiting for the end of a session, as `run`, `wait`, `stop` and `logs -f` do.
 */
import { AgentdError, type ErrorCode } from "../errors.ts";
import type { CallOptions, Caller } from "../rpc/client.ts";
import type { SessionView } from "../session-document.ts";

/** What says nothing of the session, which goes on without the daemon. */
const WITHOUT_DAEMON: readonly ErrorCode[] = ["daemon_lost", "protocol_mismatch"];

/**
 * Resolves with the sealed session.
 *
 * @throws AgentdError that names the session.
 */
export async function sessionEnd(
  client: Caller,
  session: string,
  options: CallOptions = {},
): Promise<SessionView> {
  return await naming(session, `wait for session ${session}`, client.call("wait", { session }, options));
}

/** The same answer; that there is none because of the daemon is told with the session and how to go on. */
export async function naming<T>(session: string, tried: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof AgentdError) || !WITHOUT_DAEMON.includes(error.code)) throw error;
    throw new AgentdError(error.code, {
      tried,
      why: error.message,
      next: [
        ...(error.next === undefined ? [] : [error.next]),
        `The session itself may go on; once a daemon answers, so does \`agentd wait ${session}\`.`,
      ].join(" "),
      details: error.details,
      cause: error,
    });
  }
}
