import type { Status } from "../api/methods.ts";
import type { Gateway } from "../gateway/client/gateway.ts";

/** The gateway as `agentd status` shows it; null while none runs, or it does not answer. Starts none. */
export async function gatewayStatus(gateway: Pick<Gateway, "process" | "list">): Promise<Status["gateway"]> {
  const { process } = gateway;
  if (process === undefined) return null;
  try {
    const { memory_bytes: memory, sessions } = await gateway.list();
    return { pid: process.pid, memory_bytes: memory, sessions: sessions.length };
  } catch {
    return null; // It has just ended; the daemon's log says why.
  }
}
