/** What running sessions use of language models, as of now. */
import type { Gateway } from "../gateway/client/gateway.ts";
import type { LlmNumbers } from "../gateway/control/control-protocol.ts";
import { usdNumber } from "../llm/money/nano.ts";
import type { SessionDocument, SessionLlm } from "../session-document.ts";

/** How long an answer of the gateway is used, in milliseconds. */
const FRESH_MS = 1_000;

type Numbers = ReadonlyMap<string, LlmNumbers>;

/** The numbers of one gateway, asked for at most once a second. */
export class LiveLlm {
  readonly #gateway: Pick<Gateway, "process" | "list">;
  readonly #monotonic: () => number;
  #asked: { readonly at: number; readonly numbers: Promise<Numbers> } | undefined;

  /** @param monotonic milliseconds of a clock that is never set. */
  constructor(gateway: Pick<Gateway, "process" | "list">, monotonic: () => number) {
    this.#gateway = gateway;
    this.#monotonic = monotonic;
  }

  /** The views with what their sessions have used so far, where they are not sealed. */
  async addTo<View extends Pick<SessionDocument, "session_id" | "llm" | "outcome">>(
    views: readonly View[],
  ): Promise<View[]> {
    const isOpen = ({ llm, outcome }: View): boolean => llm === null && outcome === null;
    // No gateway is started to be asked.
    if (this.#gateway.process === undefined || !views.some(isOpen)) return [...views];
    const numbers = await this.#numbers();
    return views.map((view) => {
      const found = isOpen(view) ? numbers.get(view.session_id) : undefined;
      return found === undefined ? view : { ...view, llm: asDocument(found) };
    });
  }

  async #numbers(): Promise<Numbers> {
    const now = this.#monotonic();
    if (this.#asked === undefined || now - this.#asked.at >= FRESH_MS)
      this.#asked = { at: now, numbers: this.#ask() };
    return await this.#asked.numbers;
  }

  async #ask(): Promise<Numbers> {
    try {
      const { sessions } = await this.#gateway.list();
      return new Map(sessions.flatMap(({ session, llm }) => (llm === null ? [] : [[session, llm] as const])));
    } catch {
      return new Map(); // It has just ended; the daemon's log says why.
    }
  }
}

function asDocument(numbers: LlmNumbers): SessionLlm {
  const { requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens } = numbers;
  return {
    ...{ requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens },
    usd: numbers.unpriced > 0 ? null : usdNumber(numbers.usd_nano),
    models: numbers.models,
    exact: numbers.exact,
  };
}
