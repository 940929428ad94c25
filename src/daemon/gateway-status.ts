import type { Status } from "../api/methods.ts";
import type { Gateway } from "../gateway/client/gateway.ts";

/** The gateway as `agentd status` shows it; null while none runs, or it does not answer. Starts none. */
export async function gatewayStatus(gateway: Pick<Gateway, "process" | "list">): Promise<Status["gateway"]> {
  const { process } = gateway;
  if (process === undefined) return null;
  try {
    const { memory_bytes: memory, sessions } = await gateway.list();
    const llm = sessions.flatMap((session) => (session.llm === null ? [] : [session.llm]));
    return {
      ...{ pid: process.pid, memory_bytes: memory, sessions: sessions.length },
      llm_sessions: llm.length,
      llm_requests_in_flight: llm.reduce((sum, { in_flight: inFlight }) => sum + inFlight, 0),
    };
  } catch {
    return null; // It has just ended; the daemon's log says why.
  }
}
