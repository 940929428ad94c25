import type { Context } from "hono";
import { AgentdError } from "../../errors.ts";

/** The JSON object in the body of a request. @throws AgentdError `protocol_error`. */
export async function bodyOf({ req }: Context): Promise<Record<string, unknown>> {
  const text = await req.text();
  try {
    const body: unknown = JSON.parse(text === "" ? "{}" : text);
    if (typeof body === "object" && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>;
  } catch {
    // Told below: the text itself is not repeated, as it may have a secret in it.
  }
  throw new AgentdError("protocol_error", {
    tried: "read the request",
    why: "its body is not a JSON object",
  });
}

/** Says that a change is refused. */
export function isReadOnly(what: string): AgentdError {
  return new AgentdError("read_only", {
    tried: `call ${what}`,
    why: "web.read_only is set",
    next: "Use the agentd command on the daemon's host.",
  });
}
