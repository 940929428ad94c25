/**
 * What client and daemon agree on besides the methods: version, bounds and the form of an error.
 *
 * The client loads this file, so it imports no validator.
 */
import { AgentdError, ERROR_CODES, type ErrorCode, systemCode } from "../errors.ts";

/** Raised with every change that an older client or daemon would not understand. */
export const PROTOCOL_VERSION = 1;

/** A request line that is longer is refused; its newline does not count. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

/** The numbers of JSON-RPC 2.0, and the one under which every error of the registry goes. */
export const WIRE_CODES = {
  parse_error: -32700,
  invalid_request: -32600,
  method_not_found: -32601,
  invalid_params: -32602,
  internal_error: -32603,
  agentd_error: -32000,
} as const;

/** The `error` member of a response. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data: {
    readonly code: ErrorCode;
    /** What was tried, as a phrase after "cannot", and why it failed; null where the message says it all. */
    readonly tried: string | null;
    readonly why: string | null;
    /** What to do next; null where nothing can be said. */
    readonly next: string | null;
    readonly details: Readonly<Record<string, unknown>> | null;
  };
}

/** A fault of the request itself, for which JSON-RPC has its own number. */
export class RequestFault extends Error {
  override readonly name = "RequestFault";
  readonly wireCode: number;

  constructor(kind: "parse_error" | "invalid_request" | "method_not_found" | "invalid_params", why: string) {
    super(`${kind.replaceAll("_", " ")}: ${why}`);
    this.wireCode = WIRE_CODES[kind];
  }
}

/**
 * The error as the client gets it.
 *
 * Only faults of the request and errors of the registry are told as they are: any other message could hold
 * anything, and the fault is ours.
 */
export function toWireError(error: unknown): WireError {
  if (error instanceof RequestFault) {
    return {
      code: error.wireCode,
      message: error.message,
      data: { code: "protocol_error", tried: null, why: null, next: null, details: null },
    };
  }
  if (error instanceof AgentdError) {
    return {
      code: WIRE_CODES.agentd_error,
      message: error.message,
      data: {
        code: error.code,
        tried: error.tried,
        why: error.why,
        next: error.next ?? null,
        details: error.details ?? null,
      },
    };
  }
  return {
    code: WIRE_CODES.internal_error,
    message: "cannot answer the request: an internal error in agentd",
    data: {
      code: "internal",
      tried: "answer the request",
      why: "an internal error in agentd",
      next: "See the daemon's log for details, and report this as a bug.",
      details: null,
    },
  };
}

/** An error from the daemon, to be thrown in the client with its original message. */
export function fromWireError(method: string, message: string, data: unknown): AgentdError {
  const told = isRecord(data) ? data : {};
  const { code, tried, why, next, details } = told;
  return new AgentdError(isErrorCode(code) ? code : "protocol_error", {
    tried: typeof tried === "string" ? tried : `call ${method}`,
    why: typeof why === "string" ? why : message,
    next: typeof next === "string" ? next : undefined,
    details: isRecord(details) ? details : undefined,
  });
}

/** Whether a system error of `connect` says that nothing serves the socket. */
export function nobodyListens(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ECONNREFUSED";
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
