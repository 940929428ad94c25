/** `[llm]`: the providers of language models, and the operator's prices. */
import * as z from "zod";
import { always, type Context, isTable, namesAreUnique, textsOf } from "../profile/rules/field-rules.ts";
import { writtenPrice } from "../profile/rules/llm-prices.ts";
import { writtenProvider } from "../profile/rules/llm-providers.ts";

const MOST_PROVIDERS = 100;
const MOST_PRICES = 1_000;

export function llmSchema() {
  return z.strictObject({
    providers: z
      .array(writtenProvider)
      .max(MOST_PROVIDERS, `must have at most ${MOST_PROVIDERS} providers`)
      .default([])
      .superRefine(namesAreUnique("another provider already has this name"), always)
      .describe("Providers of language models: one [[llm.providers]] for each."),
    prices: z
      .array(writtenPrice)
      .max(MOST_PRICES, `must have at most ${MOST_PRICES} prices`)
      .default([])
      .describe("Prices of models that agentd does not know, or knows otherwise; they come first."),
  });
}

/** Profiles and prices name providers that are declared. */
export function providersAreKnown(document: unknown, context: Context): void {
  if (!isTable(document)) return;
  const llm = isTable(document["llm"]) ? document["llm"] : {};
  const names = textsOf(llm["providers"], "name").filter((name) => name !== undefined);
  const known =
    names.length === 0 ? "no [[llm.providers]] is declared" : `declared are ${names.map(quoted).join(", ")}`;
  const check = (name: unknown, path: (string | number)[]): void => {
    if (typeof name !== "string" || names.includes(name)) return;
    context.addIssue({
      code: "custom",
      path,
      message: `must be the name of one of [[llm.providers]]; ${known}`,
    });
  };
  for (const [index, name] of textsOf(llm["prices"], "provider").entries())
    check(name, ["llm", "prices", index, "provider"]);
  if (!Array.isArray(document["profiles"])) return;
  for (const [index, profile] of document["profiles"].entries()) {
    const table: unknown = isTable(profile) ? profile["llm"] : undefined;
    if (!isTable(table) || !Array.isArray(table["providers"])) continue;
    for (const [at, name] of table["providers"].entries())
      check(name, ["profiles", index, "llm", "providers", at]);
  }
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
