/**
 * The one place that turns an error into what the operator reads and what the process exits with.
 */
import { AgentdError } from "../../errors.ts";
import { printableLines } from "../terminal/printable.ts";
import type { FaultCodes } from "./command.ts";

/** The lines for standard error: what could not be done and why, its code, and what to do next. */
export function errorText(error: unknown): string {
  const { message, code, next } = asAgentdError(error);
  const first = `agentd: ${printableLines(message)} [${code}]`;
  return next === undefined ? first : `${first}\n  ${printableLines(next).replaceAll("\n", "\n  ")}`;
}

/** The exit code for an error of a command. */
export function faultCode(error: unknown, faults: FaultCodes): number {
  return asAgentdError(error).code === "usage" ? faults.usage : faults.other;
}

function asAgentdError(error: unknown): AgentdError {
  if (error instanceof AgentdError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new AgentdError("internal", { tried: "finish the command", why, cause: error });
}
