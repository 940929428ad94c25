/** Sessions as an MCP client may see them: only those of the profiles that it was given. */
import { AgentdError } from "../errors.ts";
import type { Caller } from "../rpc/client.ts";
import type { SessionView } from "../session-document.ts";
import type { McpHost } from "./host.ts";

/** @throws AgentdError `unknown_profile`. */
export function allowProfile({ profiles }: Pick<McpHost, "profiles">, profile: string): void {
  if (profiles?.has(profile) !== false) return;
  throw new AgentdError("unknown_profile", {
    tried: `use the profile ${JSON.stringify(profile)}`,
    why: `this server is for ${[...profiles].join(", ")}`,
    next: "The operator names profiles when the server is started: `agentd mcp --profile NAME`.",
  });
}

/**
 * Shows a session, by its id or a part of it.
 *
 * @throws AgentdError as the method `show`; `unknown_session` also for one of another profile.
 */
export async function allowedSession(host: McpHost, client: Caller, named: string): Promise<SessionView> {
  const session = await client.call("show", { session: named });
  if (host.profiles?.has(session.profile) !== false) return session;
  throw new AgentdError("unknown_session", {
    tried: `find session ${named}`,
    why: "it is of a profile that this server is not for",
    next: "`list_sessions` shows those that it is for.",
  });
}

/**
 * Waits for the end of a session.
 *
 * @param longestMs after that, the session is given as it is.
 */
export async function waitFor(
  client: Caller,
  session: SessionView,
  longestMs: number,
  signal: AbortSignal,
): Promise<SessionView> {
  if (session.state === "sealed" || longestMs === 0) return session;
  const { session_id: id } = session;
  const over = AbortSignal.timeout(longestMs);
  try {
    return await client.call("wait", { session: id }, { signal: AbortSignal.any([over, signal]) });
  } catch (error) {
    if (!over.aborted) throw error;
    return await client.call("show", { session: id });
  }
}
