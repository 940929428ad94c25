/** An error as an HTTP client gets it. */
import { AgentdError, type ErrorCode } from "../../errors.ts";
import { toWireError } from "../../rpc/protocol.ts";
import type { ErrorAnswer } from "./openapi.ts";

/** Of the codes that do not mean that the request itself is wrong, which is 400. */
const STATUS: Partial<Record<ErrorCode, ErrorStatus>> = {
  login_required: 401,
  login_refused: 403,
  origin_refused: 403,
  read_only: 403,
  page_missing: 404,
  unknown_session: 404,
  unknown_profile: 404,
  unknown_webhook: 404,
  webhook_refused: 403,
  webhook_conflict: 409,
  webhook_flood: 429,
  webhook_unusable: 503,
  credentials_unusable: 503,
  permissions_unsafe: 503,
  state_unusable: 503,
  body_too_large: 413,
  host_unknown: 421,
  web_busy: 503,
  daemon_not_running: 503,
  daemon_lost: 503,
  daemon_stopping: 503,
  protocol_mismatch: 503,
  engine_unavailable: 503,
  engine_timeout: 503,
  disk_low: 503,
  internal: 500,
};

type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 413 | 421 | 429 | 500 | 503;

/** The status and body for whatever was thrown. What is no error of the registry is told as `internal`, without its text. */
export function errorAnswer(thrown: unknown): { readonly status: ErrorStatus; readonly body: ErrorAnswer } {
  const { message, data } = toWireError(thrown);
  const { code, tried, why, next, details } = data;
  return {
    status: thrown instanceof AgentdError ? (STATUS[code] ?? 400) : 500,
    body: {
      error: {
        code,
        message,
        tried: tried ?? "answer the request",
        why: why ?? message,
        next,
        details: details === null ? null : { ...details },
      },
    },
  };
}
