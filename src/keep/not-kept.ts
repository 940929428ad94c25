import { AgentdError } from "../errors.ts";

/** The error for a session of which nothing is kept. @param why without a full stop. */
export function notKept(tried: string, sessionId: string, why: string): AgentdError {
  return new AgentdError("session_not_kept", {
    tried: `${tried} ${sessionId}`,
    why,
    next: 'Sessions are kept with keep = "on-failure" in their profile, or with `agentd run --keep`; `agentd ps -a --filter kept=true` lists them.',
  });
}

/** The error for a kept session that somebody looks into. */
export function inUse(tried: string, sessionId: string): AgentdError {
  return new AgentdError("session_entered", {
    tried: `${tried} ${sessionId}`,
    why: "somebody has entered it",
    next: `Leave it first, or use \`agentd rm --force ${sessionId}\`.`,
  });
}
