import { AgentdError } from "../../errors.ts";

/** The error for a session whose command does not run. @param state what it is instead. */
export function notRunning(tried: string, sessionId: string, state: string): AgentdError {
  const ended = state === "sealed" || state === "finishing";
  const standing =
    state === "paused"
      ? `Let it go on first, with \`agentd resume ${sessionId}\`.`
      : "Try again once `agentd ps` shows it as running.";
  return new AgentdError("session_not_running", {
    tried: `${tried} ${sessionId}`,
    why: `its command does not run: the session is ${state === "running" ? "starting or ending" : state}`,
    next: ended ? `Run it again with \`agentd rerun ${sessionId}\`; its files are in the record.` : standing,
  });
}
