/** Opens the language models of a session: its ledgers are read, and what they say was spent is spent. */
import type { Dispatcher } from "undici";
import type { ProcessIdentity } from "../../process-identity.ts";
import { Budget } from "../budget/budget.ts";
import { VerdictOnce } from "../budget/verdict.ts";
import { DayLedger } from "../ledger/day-ledger.ts";
import { localDay } from "../ledger/local-day.ts";
import { SessionLedger } from "../ledger/session-ledger.ts";
import { KnownIds } from "../metering/known-ids.ts";
import { priceBook } from "../prices/price-book.ts";
import type { Access } from "./access.ts";
import { Books } from "./books.ts";
import { LlmServer } from "./llm-server.ts";
import { PATIENCE, type Patience } from "./patience.ts";
import { Refusals } from "./refusals.ts";
import { BodyRoom } from "./request-body.ts";

export interface LlmGround {
  readonly dispatcher: Dispatcher;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic clock, in milliseconds. */
  readonly clock: () => number;
  /** This process. */
  readonly self: ProcessIdentity;
  /** Default `PATIENCE`. */
  readonly patience?: Patience | undefined;
  /** Lines of the ledger before requests are only counted. Default 10,000. */
  readonly maxLines?: number | undefined;
}

/** Opens them; the caller passes the socket to `listen`, and closes. @throws Error of the file system. */
export async function openLlm(access: Access, ground: LlmGround): Promise<LlmServer> {
  const { dispatcher, now, clock, patience = PATIENCE, maxLines } = ground;
  const day = dayOf(access, ground);
  const ledger = await SessionLedger.open({ path: access.ledgerPath, now, maxLines });
  const { nano, charged_tokens: tokens, requests } = ledger.before;
  const budget = new Budget({
    limits: access.limits,
    before: { nano, tokens, requests },
    day: () => day?.ledger.sums ?? { settled: 0, reserved: 0 },
  });
  const closing = new AbortController();
  const session = {
    access,
    books: new Books({ budget, ledger, day }),
    prices: priceBook(access.prices, now),
    verdict: new VerdictOnce(),
    known: new KnownIds(),
    bodies: new BodyRoom(patience.bodiesBytes),
    dispatcher,
    patience,
    clock,
    closing: closing.signal,
    refusals: new Refusals(),
  };
  return new LlmServer({ session, closing });
}

function dayOf({ limits, dayDirectory, timeZone }: Access, { now, self }: LlmGround) {
  if (limits.usdPerDayNano === undefined) return undefined;
  const ledger = new DayLedger({ directory: dayDirectory, now, dayOf: localDay(timeZone), self });
  return { ledger, limitNano: limits.usdPerDayNano };
}
