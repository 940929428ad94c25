/**
 * Waiting for the end of a session, as `run`, `wait`, `stop` and `logs -f` do.
 */
import { AgentdError } from "../errors.ts";
import type { CallOptions, RpcClient } from "../rpc/client.ts";
import type { SessionView } from "../session-document.ts";

/**
 * Resolves with the sealed session.
 *
 * @throws AgentdError `daemon_lost` naming the session, which goes on without the daemon.
 */
export async function sessionEnd(
  client: RpcClient,
  session: string,
  options: CallOptions = {},
): Promise<SessionView> {
  try {
    return await client.call("wait", { session }, options);
  } catch (error) {
    if (!(error instanceof AgentdError) || error.code !== "daemon_lost") throw error;
    throw new AgentdError("daemon_lost", {
      tried: `wait for session ${session}`,
      why: error.message,
      next: `The session itself may go on. When the daemon is back: \`agentd wait ${session}\`.`,
      cause: error,
    });
  }
}
