/**
 * Waiting for the end of a session, as `run`, `wait`, `stop` and `logs -f` do.
 */
import { AgentdError, type ErrorCode } from "../../errors.ts";
import type { Caller, CallOptions } from "../../rpc/client.ts";
import type { SessionView } from "../../session-document.ts";

/** Errors that say nothing about the session, which continues without the daemon. */
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
  return await explainingLoss(client.call("wait", { session }, options), {
    tried: `wait for session ${session}`,
    next: `The session may still be running. Once a daemon answers, wait for it with \`agentd wait ${session}\`.`,
  });
}

/**
 * The same answer.
 *
 * @throws AgentdError that tells what was tried and what to do next where there is no answer because of the daemon.
 */
export async function explainingLoss<T>(
  answer: Promise<T>,
  { tried, next }: { readonly tried: string; readonly next: string },
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof AgentdError) || !WITHOUT_DAEMON.includes(error.code)) throw error;
    const { code, message: why, details } = error;
    const first = error.next === undefined ? "" : `${error.next} `;
    throw new AgentdError(code, { tried, why, next: first + next, details, cause: error });
  }
}
