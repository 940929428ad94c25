/** Adds up what sessions used of language models: pure, apart from the ledgers that it asks for. */
import type { SessionDocument, SessionLlm } from "../../session-document.ts";

/** What the sums are told apart by. */
export const USAGE_KEYS = ["profile", "model", "day", "session"] as const;

export type UsageKey = (typeof USAGE_KEYS)[number];

/** What was used under one key. */
export interface UsageNumbers {
  readonly requests: number;
  readonly refused: number;
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  /** Of what has a known cost, in millionths of a dollar. */
  readonly micro: number;
  /** Whether something in it has no known cost. */
  readonly hasUnknown: boolean;
}

/** One session's part. */
export interface UsageOfSession {
  readonly document: Pick<SessionDocument, "session_id" | "profile" | "queued_timestamp">;
  readonly llm: SessionLlm;
  /** By model; undefined: all of it is the one model that it names. */
  readonly models: ReadonlyMap<string, UsageNumbers> | undefined;
}

export interface UsageRow extends UsageNumbers {
  readonly key: string;
  readonly sessions: number;
}

const MICRO = 1_000_000;
const NOTHING: Omit<UsageRow, "key"> = {
  sessions: 0,
  requests: 0,
  refused: 0,
  input_tokens: 0,
  cached_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  micro: 0,
  hasUnknown: false,
};

/** The name under which refusals without a model are counted. */
export const NO_MODEL = "(none)";

/** Rows by a key, the dearest first; days in their order. */
export class UsageSums {
  readonly #by: UsageKey;
  readonly #dayOf: (timestamp: string) => string;
  readonly #rows = new Map<string, UsageRow>();
  #total: UsageRow = { key: "total", ...NOTHING };

  /** @param dayOf the day of an instant, such as `2026-01-31`. */
  constructor(by: UsageKey, dayOf: (timestamp: string) => string) {
    this.#by = by;
    this.#dayOf = dayOf;
  }

  add(session: UsageOfSession): void {
    const whole = wholeOf(session);
    this.#total = plus(this.#total, whole);
    if (this.#by !== "model") this.#addTo(this.#keyOf(session), whole);
    else if (session.models === undefined) this.#addTo(session.llm.models[0] ?? NO_MODEL, whole);
    else for (const [model, numbers] of session.models) this.#addTo(model, numbers);
  }

  get total(): UsageRow {
    return this.#total;
  }

  get rows(): UsageRow[] {
    const rows = [...this.#rows.values()];
    if (this.#by === "day") return rows.sort((a, b) => (a.key < b.key ? -1 : 1));
    return rows.sort((a, b) => b.micro - a.micro || b.requests - a.requests || (a.key < b.key ? -1 : 1));
  }

  #keyOf({ document }: UsageOfSession): string {
    if (this.#by === "profile") return document.profile;
    return this.#by === "day" ? this.#dayOf(document.queued_timestamp) : document.session_id;
  }

  #addTo(key: string, numbers: UsageNumbers): void {
    this.#rows.set(key, plus(this.#rows.get(key) ?? { key, ...NOTHING }, numbers));
  }
}

/** Dollars of a row; null where nothing in it has a known cost. */
export function dollarsOf({ micro, hasUnknown }: UsageNumbers): number | null {
  return hasUnknown && micro === 0 ? null : micro / MICRO;
}

/** While the cost of one request is not known, a session has no sum of its own, and its models have theirs. */
function wholeOf({ llm, models }: UsageOfSession): UsageNumbers {
  const whole = numbersOf(llm);
  if (!whole.hasUnknown || models === undefined) return whole;
  return { ...whole, micro: [...models.values()].reduce((sum, { micro }) => sum + micro, 0) };
}

function numbersOf(llm: SessionLlm): UsageNumbers {
  const { requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens, usd } = llm;
  return {
    ...{ requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens },
    micro: usd === null ? 0 : Math.round(usd * MICRO),
    hasUnknown: usd === null,
  };
}

function plus(row: UsageRow, more: UsageNumbers): UsageRow {
  return {
    key: row.key,
    sessions: row.sessions + 1,
    requests: row.requests + more.requests,
    refused: row.refused + more.refused,
    input_tokens: row.input_tokens + more.input_tokens,
    cached_tokens: row.cached_tokens + more.cached_tokens,
    output_tokens: row.output_tokens + more.output_tokens,
    reasoning_tokens: row.reasoning_tokens + more.reasoning_tokens,
    micro: row.micro + more.micro,
    hasUnknown: row.hasUnknown || more.hasUnknown,
  };
}
