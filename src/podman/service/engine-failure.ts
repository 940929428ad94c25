/**
 * The engine's refusals, and broken connections, as errors of the registry.
 */
import { AgentdError } from "../../errors.ts";
import { namespaceAdvice } from "./namespace-advice.ts";

/** What Podman says when it refuses: a long message, and a short cause that is stable between versions. */
export interface Refusal {
  readonly message: string;
  readonly cause: string;
}

/** Podman's own words in the body of a refusal. */
export function refusal(body: string): Refusal {
  try {
    const { message, cause } = JSON.parse(body) as { message?: unknown; cause?: unknown };
    if (typeof message === "string") return { message, cause: typeof cause === "string" ? cause : message };
  } catch {
    // Not from Podman's API: report the text as it was sent.
  }
  return { message: body.trim() || "no explanation was given", cause: "" };
}

/** `engine_failed` with Podman's message, and with the status and both texts in its details. */
export function engineFailure(tried: string, status: number, body: string): AgentdError {
  const { message, cause } = refusal(body);
  return new AgentdError("engine_failed", {
    tried,
    why: message,
    next:
      namespaceAdvice(message) ??
      "This is Podman's own message. Try the same with podman as the daemon's user.",
    details: { status, message, cause },
  });
}

/** `container_missing`, for a request that needs the container to be there. */
export function containerMissing(tried: string): AgentdError {
  return new AgentdError("container_missing", {
    tried,
    why: "the container no longer exists",
    next: "Something other than agentd removed it. Run the session again.",
  });
}

/** `engine_unavailable`. `replyLost`: the request may have been carried out, so look before sending again. */
export function engineUnavailable(
  tried: string,
  options: { cause: unknown; replyLost: boolean; stderr: string },
) {
  const said = options.stderr === "" ? "" : `; it said: ${options.stderr}`;
  return new AgentdError("engine_unavailable", {
    tried,
    why: `the Podman service ${options.replyLost ? "died before it replied" : "does not answer"}${said}`,
    next:
      namespaceAdvice(options.stderr) ??
      "Check that `podman info` works for this user, and read the daemon's log.",
    details: { reply_lost: options.replyLost },
    cause: options.cause,
  });
}

/** Whether the service died under a request that may still have been carried out. */
export function replyWasLost(error: unknown): boolean {
  return error instanceof AgentdError && error.details?.["reply_lost"] === true;
}

/** `engine_timeout`. */
export function engineTimeout(tried: string, deadlineMs: number): AgentdError {
  return new AgentdError("engine_timeout", {
    tried,
    why: `the Podman service did not answer within ${deadlineMs / 1000} s`,
    next: "Check whether `podman ps` hangs too: another Podman command may hold a lock, or the disk may be slow.",
    details: { deadline_ms: deadlineMs },
  });
}
