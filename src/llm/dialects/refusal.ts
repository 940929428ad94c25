/** Why a request is not sent, and how each dialect's clients are told. */
import type { DialectName } from "../prices/types.ts";

/**
 * What a refusal is about. `budget` alone means that money, tokens or requests are spent. After `unavailable` (the
 * gateway cannot keep its books) and `upstream` (the provider cannot be reached) a client may try again.
 */
export type RefusalKind =
  | "token"
  | "not_found"
  | "upgrade"
  | "bad_request"
  | "too_large"
  | "unsupported"
  | "model"
  | "price"
  | "unbounded"
  | "stored_id"
  | "budget"
  | "unavailable"
  | "upstream";

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: RefusalKind;
  readonly status: number;

  /** @param message sentences: what is refused, why, and what to change. */
  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
    this.status = STATUS[kind];
  }
}

const STATUS: Readonly<Record<RefusalKind, number>> = {
  token: 401,
  not_found: 404,
  upgrade: 426,
  bad_request: 400,
  too_large: 413,
  unsupported: 415,
  model: 400,
  price: 400,
  unbounded: 400,
  stored_id: 400,
  budget: 400,
  unavailable: 503,
  upstream: 502,
};

export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What clients of the dialects look at, besides the status. */
const OPENAI_TYPES: Partial<Record<RefusalKind, string>> = {
  budget: "insufficient_quota",
  token: "authentication_error",
  unavailable: "server_error",
  upstream: "server_error",
};
const ANTHROPIC_TYPES: Partial<Record<RefusalKind, string>> = {
  budget: "billing_error",
  token: "authentication_error",
  not_found: "not_found_error",
  too_large: "request_too_large",
  unavailable: "overloaded_error",
  upstream: "api_error",
};
const GEMINI_STATUSES: Partial<Record<RefusalKind, string>> = {
  token: "UNAUTHENTICATED",
  not_found: "NOT_FOUND",
  unavailable: "UNAVAILABLE",
  upstream: "UNAVAILABLE",
};

/** The codes for programs, in the dialect that has a place for them. */
const CODES: Partial<Record<RefusalKind, string>> = {
  budget: "agentd_budget_exhausted",
  model: "agentd_model_not_allowed",
  price: "agentd_price_unknown",
  unbounded: "agentd_unbounded",
  stored_id: "agentd_unknown_id",
};

/** The refusal in the shape that the dialect's clients read. */
export function refusalAnswer(dialect: DialectName, refusal: Refusal): RefusalAnswer {
  const body = Buffer.from(JSON.stringify(BODIES[dialect](refusal)));
  const mayTryAgain = refusal.kind === "unavailable" || refusal.kind === "upstream";
  return {
    status: refusal.status,
    headers: {
      "content-type": "application/json",
      "content-length": String(body.length),
      ...(mayTryAgain ? {} : { "x-should-retry": "false" }),
      // RFC 9110 asks for it with a 426.
      ...(refusal.kind === "upgrade" ? { upgrade: "HTTP/1.1" } : {}),
    },
    body,
  };
}

const BODIES: Readonly<Record<DialectName, (refusal: Refusal) => object>> = {
  openai: ({ kind, message }) => ({
    error: {
      message,
      type: OPENAI_TYPES[kind] ?? "invalid_request_error",
      param: null,
      code: CODES[kind] ?? `agentd_${kind}`,
    },
  }),
  anthropic: ({ kind, message }) => ({
    type: "error",
    error: { type: ANTHROPIC_TYPES[kind] ?? "invalid_request_error", message },
  }),
  gemini: ({ kind, message, status }) => ({
    error: { code: status, message, status: GEMINI_STATUSES[kind] ?? "INVALID_ARGUMENT" },
  }),
};
