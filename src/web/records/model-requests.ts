/** The requests of a session to language models, from its ledger, one by one. */
import type { FileHandle } from "node:fs/promises";
import { ledgerLine, type ReserveLine, type SettleLine } from "../../llm/ledger/ledger-line.ts";
import { usdNumber } from "../../llm/money/nano.ts";
import type { ModelRequest, ModelRequests } from "../words/page-answers.ts";

/** How many are answered, the newest. */
const MOST_REQUESTS = 1_000;

/** Reads them; of a session that runs, too. */
export async function readModelRequests(file: FileHandle): Promise<ModelRequests> {
  const requests = new Map<string, ModelRequest>();
  let total = 0;
  let refused = 0;
  for await (const text of file.readLines({ autoClose: false })) {
    const line = parse(text);
    if (line === undefined) continue;
    if (line.kind === "counted") total += line.requests + line.refused;
    else if (line.kind === "reserve") {
      total += 1;
      requests.set(String(line.id), begun(line));
    } else if (line.kind === "settle") {
      const before = requests.get(String(line.id));
      if (before !== undefined) requests.set(String(line.id), ended(before, line));
    } else {
      total += 1;
      refused += 1;
      requests.set(`refused ${refused}`, {
        ...NOTHING,
        time: line.time,
        model: line.model,
        refused: line.reason,
        status: line.status,
      });
    }
    if (requests.size > MOST_REQUESTS) {
      const [oldest] = requests.keys();
      if (oldest !== undefined) requests.delete(oldest);
    }
  }
  return { requests: [...requests.values()], total };
}

const NOTHING = {
  duration_ms: null,
  status: null,
  input_tokens: null,
  output_tokens: null,
  usd: null,
  refused: null,
} as const;

function begun({ time, model }: ReserveLine): ModelRequest {
  return { ...NOTHING, time, model };
}

function ended(request: ModelRequest, line: SettleLine): ModelRequest {
  const { input_tokens: fresh, cached_tokens: cached, cache_write_tokens: written } = line;
  return {
    ...request,
    model: line.model_answered ?? request.model,
    duration_ms: line.duration_ms,
    status: line.status,
    input_tokens: fresh === null ? null : fresh + (cached ?? 0) + (written ?? 0),
    output_tokens: line.output_tokens,
    usd: line.nano === null ? null : usdNumber(line.nano),
  };
}

function parse(text: string) {
  try {
    return ledgerLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // A write that was cut short.
  }
}
