/** Why a session has to end. */

export type VerdictKind = "budget_exhausted" | "llm_refused" | "llm_overrun";

export interface Verdict {
  /** Null: the session was closed without one. */
  readonly kind: VerdictKind | null;
  /** Sentences; null without a kind. */
  readonly cause: string | null;
}

/** The first reason that comes up; later ones change nothing. */
export class VerdictOnce {
  readonly #answer: Promise<Verdict>;
  #decided: Verdict | undefined;
  #decide: (verdict: Verdict) => void = () => undefined;

  constructor() {
    this.#answer = new Promise((resolve) => (this.#decide = resolve));
  }

  /** Resolves when there is one, or the session is closed. */
  async reached(): Promise<Verdict> {
    return await this.#answer;
  }

  /** What was reached; undefined while nothing was. */
  get decided(): Verdict | undefined {
    return this.#decided;
  }

  reach(kind: VerdictKind, cause: string): void {
    this.#settle({ kind, cause });
  }

  close(): void {
    this.#settle({ kind: null, cause: null });
  }

  #settle(verdict: Verdict): void {
    this.#decided ??= verdict;
    this.#decide(verdict);
  }
}
