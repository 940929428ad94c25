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
  #decide: (verdict: Verdict) => void = () => undefined;

  constructor() {
    this.#answer = new Promise((resolve) => (this.#decide = resolve));
  }

  /** Resolves when there is one, or the session is closed. */
  async reached(): Promise<Verdict> {
    return await this.#answer;
  }

  reach(kind: VerdictKind, cause: string): void {
    this.#decide({ kind, cause });
  }

  close(): void {
    this.#decide({ kind: null, cause: null });
  }
}
