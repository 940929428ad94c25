/** How a request that does not fit the budget is told so. */
import { Refusal } from "../dialects/refusal.ts";
import { usdText } from "../money/nano.ts";
import type { Limits } from "./limits.ts";

const SPENT = "The budget is spent: ";
const DO_NOT = "Do not retry.";

/** What a profile limits, by the names of its keys. */
const LIMITED = {
  max_usd: "usd",
  max_usd_per_day: "usd_per_day",
  max_tokens: "tokens",
  max_requests: "requests",
} as const;

type Limited = (typeof LIMITED)[keyof typeof LIMITED];

/** The limit that a refusal names, by its text as the ledger has it; undefined where it is about something else. */
export function exhaustedLimit(reason: string): Limited | undefined {
  if (!reason.startsWith(SPENT)) return undefined;
  const [, key = ""] = /The limit is "(\w+)"/.exec(reason) ?? [];
  // The ledger cuts long texts.
  return (LIMITED as Readonly<Record<string, Limited | undefined>>)[key] ?? "usd";
}

export const exhausted = {
  /** @param least what the request costs at least, reserved with its smallest cap. */
  usd({ profile, usdNano = 0 }: Limits, spent: number, least: number): Refusal {
    return refusal(
      `the session has spent $${usdText(spent)} of $${usdText(usdNano)}, and this request may cost ${price(least)}`,
      `"max_usd" of profile ${profile}`,
    );
  },

  day({ profile, usdPerDayNano = 0 }: Limits, spent: number, least: number): Refusal {
    return refusal(
      `the sessions of profile ${profile} have spent $${usdText(spent)} of $${usdText(usdPerDayNano)} today, and ` +
        `this request may cost ${price(least)}`,
      `"max_usd_per_day" of profile ${profile}`,
    );
  },

  tokens({ profile, tokens = 0 }: Limits, spent: number, least: number): Refusal {
    return refusal(
      `the session has used ${spent} of ${tokens} tokens, and this request may use ${least}`,
      `"max_tokens" of profile ${profile}`,
    );
  },

  requests({ profile, requests = 0 }: Limits, sent: number): Refusal {
    return refusal(
      `the session has sent ${sent} of ${requests} requests`,
      `"max_requests" of profile ${profile}`,
    );
  },
};

function refusal(why: string, limit: string): Refusal {
  return new Refusal("budget", `${SPENT}${why}. The limit is ${limit}. ${DO_NOT}`);
}

function price(nano: number): string {
  return Number.isSafeInteger(nano) ? `$${usdText(nano)}` : "more than any budget";
}
