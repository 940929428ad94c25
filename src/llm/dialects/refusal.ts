/** Why a request is not sent, and how each dialect's clients are told. */
import type { DialectName } from "../prices/types.ts";

/** What a refusal is about. `budget` alone means that money, tokens or requests are spent. */
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

/** The refusal in the shape that the dialect's clients read. Its message is all on one line. */
export function refusalAnswer(dialect: DialectName, refusal: Refusal): RefusalAnswer {
  throw new Error(`not built yet: ${dialect} ${refusal.kind}`);
}
