/** One request of a session that is sent: its answer goes to the client as it comes, and a copy is metered. */
import type { ServerResponse } from "node:http";
import { sentence } from "../../errors.ts";
import { isBeyond } from "../budget/settlement.ts";
import { answerHeaders } from "../dialects/headers.ts";
import { Refusal } from "../dialects/refusal.ts";
import type { Route } from "../dialects/types.ts";
import { type Meter, meterFor } from "../metering/meter.ts";
import { usdText } from "../money/nano.ts";
import type { ModelPrice, Usage } from "../prices/types.ts";
import type { Provider } from "./access.ts";
import type { Booking } from "./books.ts";
import { KeyRedactor } from "./key-redactor.ts";
import type { LlmSession } from "./llm-session.ts";
import { providerWords } from "./provider-words.ts";
import { type AnswerSink, sendUpstream, type UpstreamEnd, type UpstreamRequest } from "./upstream.ts";

export interface ExchangeParts {
  readonly session: LlmSession;
  readonly route: Route;
  readonly provider: Provider;
  readonly booking: Booking;
  /** Of the model that was asked for; undefined where none is known. */
  readonly price: ModelPrice | undefined;
  readonly response: ServerResponse;
}

/** Bytes of a failure's body in which the provider's words are looked for. */
const WORDS_BYTES = 16 * 1024;
const FIRST_FAILURE = 400;
/** Where providers name their requests. */
const REQUEST_ID = ["request-id", "x-request-id", "x-goog-request-id"];

export class Exchange implements AnswerSink {
  readonly #parts: ExchangeParts;
  readonly #meter: Meter;
  readonly #redactor: KeyRedactor;
  readonly #cut = new AbortController();
  readonly #began: number;
  #status: number | undefined;
  #requestId: string | undefined;
  #firstByteMs: number | undefined;
  #words = "";
  #lastUsage: Usage | undefined;
  #stalled: NodeJS.Timeout | undefined;

  constructor(parts: ExchangeParts) {
    const { session, route, provider } = parts;
    this.#parts = parts;
    this.#meter = meterFor(route.name, (id) => session.known.add(id));
    this.#redactor = new KeyRedactor([provider.key]);
    this.#began = session.clock();
  }

  /**
   * Sends the request, and returns when its answer has ended and is in the books.
   *
   * @throws Refusal `upstream` where no answer came, which the client is still to be told.
   */
  async run(request: Omit<UpstreamRequest, "signal">): Promise<void> {
    const { session, response } = this.#parts;
    const signal = AbortSignal.any([session.closing, this.#cut.signal]);
    const end = await sendUpstream(session.dispatcher, { ...request, signal }, this);
    clearTimeout(this.#stalled);
    const written = this.#settle(end);
    if (this.#status === undefined) {
      await written;
      throw noAnswer(this.#parts.provider, end.error);
    }
    if (!response.destroyed) {
      const rest = this.#redactor.end();
      if (rest.length > 0) response.write(rest);
      // A client must not take what it has for the whole.
      if (end.isWhole) response.end();
      else response.destroy();
    }
    await written;
  }

  start(status: number, rawHeaders: readonly string[], resume: () => void): void {
    const { response, session } = this.#parts;
    this.#status = status;
    this.#requestId = headerOf(rawHeaders, REQUEST_ID);
    session.refusals.answered(status, session.clock());
    response.on("drain", () => this.#goOn(resume));
    response.once("close", () => this.#goOn(resume));
    if (response.destroyed) return;
    response.writeHead(status, this.#cleanHeaders(rawHeaders));
    // With the first chunk, where that has come in the same piece: it spares the client a turn.
    process.nextTick(() => response.flushHeaders());
  }

  data(chunk: Buffer): boolean {
    const { response, session } = this.#parts;
    this.#firstByteMs ??= session.clock() - this.#began;
    const clean = this.#redactor.push(chunk);
    // The client's first; whoever is gone is not waited for.
    const hasRoom = response.destroyed || clean.length === 0 || response.write(clean);
    this.#meter.push(chunk);
    if ((this.#status ?? 0) >= FIRST_FAILURE && this.#words.length < WORDS_BYTES)
      this.#words += clean.toString();
    this.#watchReservation();
    if (!hasRoom) this.#stall();
    return hasRoom;
  }

  /** A client that never reads would keep what is reserved for it. */
  #stall(): void {
    const { response, session } = this.#parts;
    this.#stalled ??= setTimeout(() => response.destroy(), session.patience.stalledMs);
  }

  #goOn(resume: () => void): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    resume();
  }

  #cleanHeaders(rawHeaders: readonly string[]): [string, string][] {
    return answerHeaders(rawHeaders).map(([name, value]) => [name, this.#redactor.text(value)]);
  }

  #watchReservation(): void {
    const { booking, price } = this.#parts;
    const { soFar } = this.#meter;
    if (soFar === undefined || soFar === this.#lastUsage) return;
    this.#lastUsage = soFar;
    if (isBeyond(booking.grant, soFar, price === undefined ? [] : [price])) {
      this.#cut.abort(new Error("the answer has used more than was reserved for it"));
    }
  }

  #settle({ wasSent, isWhole }: UpstreamEnd): Promise<void> {
    const { session, route, provider, booking, price } = this.#parts;
    const { soFar } = this.#meter;
    const { usage, model } = this.#meter.end(isWhole);
    const answered = model === undefined ? undefined : session.prices.priceOf(provider, model);
    const prices = [price, answered].filter((each) => each !== undefined);
    const onlyCounts = route.kind === "count";
    const { charge, written } = booking.settle(
      { wasSent, status: this.#status, usage, soFar, onlyCounts, prices },
      {
        model_answered: model ?? null,
        duration_ms: Math.round(session.clock() - this.#began),
        first_token_ms: this.#firstByteMs === undefined ? null : Math.round(this.#firstByteMs),
        request_id: this.#requestId ?? null,
      },
    );
    if (charge.isOverrun) session.verdict.reach("llm_overrun", overrun(provider, charge.nano, booking));
    this.#watchRefusals();
    return written;
  }

  #watchRefusals(): void {
    const { session, provider } = this.#parts;
    const { refusals, patience, verdict } = session;
    refusals.told(this.#status, provider.name, providerWords(this.#status ?? 0, this.#words));
    if (refusals.cause !== undefined && refusals.isEnough(patience, session.clock()))
      verdict.reach("llm_refused", refusals.cause);
  }
}

function headerOf(rawHeaders: readonly string[], names: readonly string[]): string | undefined {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (names.includes((rawHeaders[at] ?? "").toLowerCase())) return rawHeaders[at + 1];
  }
  return undefined;
}

function noAnswer({ name, baseUrl }: Provider, error: Error | undefined): Refusal {
  const why = error === undefined ? "the connection ended" : sentence(error);
  return new Refusal("upstream", `Provider ${name} at ${new URL(baseUrl).host} gave no answer: ${why}.`);
}

function overrun({ name }: Provider, nano: number | null, { grant }: Booking): string {
  const used = nano === null ? "more tokens than" : `$${usdText(nano)} of`;
  const reserved = grant.nano === undefined ? `${grant.tokens ?? 0} tokens` : `$${usdText(grant.nano)}`;
  return `Provider ${name} reported that a request had used ${used} the ${reserved} reserved for it.`;
}
