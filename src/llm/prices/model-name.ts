/** Whether the price data means exactly this model: by its name, or by its name with a date. Nothing shorter counts. */
import type { MatchLogic } from "@pydantic/genai-prices";

/** `-2026-03-05`, `-20260305`, `@20260305`, and Google's `-03-05` and `-03-2026`. */
const DATE =
  /[-@](?:20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|1[0-2])-(?:[0-3]\d|20\d{2}))$/;

/** Names that are written out in the data's patterns, besides regular expressions. */
export function writtenNames(match: MatchLogic): string[] {
  if ("or" in match) return match.or.flatMap(writtenNames);
  if ("and" in match) return match.and.flatMap(writtenNames);
  if ("equals" in match) return [match.equals];
  if ("starts_with" in match) return [match.starts_with];
  if ("ends_with" in match) return [match.ends_with];
  return "contains" in match ? [match.contains] : [];
}

/** The name without its date; undefined for a name without one. */
export function undated(name: string): string | undefined {
  return DATE.test(name) ? name.replace(DATE, "") : undefined;
}

/** Whether the data's pattern takes the name. */
export function accepts(match: MatchLogic, name: string): boolean {
  if ("or" in match) return match.or.some((each) => accepts(each, name));
  if ("and" in match) return match.and.every((each) => accepts(each, name));
  if ("equals" in match) return name === match.equals;
  if ("starts_with" in match) return name.startsWith(match.starts_with);
  if ("ends_with" in match) return name.endsWith(match.ends_with);
  return "contains" in match ? name.includes(match.contains) : new RegExp(match.regex).test(name);
}
