/** The rules of profiles that follow each other. */
import { closest } from "fastest-levenshtein";
import { type Context, isTable, textsOf } from "./field-rules.ts";

/** A profile that names others in its `chain.after`. */
interface Link {
  readonly index: number;
  readonly name: string;
  readonly after: readonly unknown[];
}

/** For all profiles at once: every profile in `chain.after` exists, and none follows itself. */
export function chainsAreSound(profiles: unknown, context: Context): void {
  const names = textsOf(profiles, "name").filter((name) => name !== undefined);
  const links = linksOf(profiles);
  for (const { index, name, after } of links) {
    for (const [place, before] of after.entries()) {
      if (typeof before !== "string") continue;
      const circle = names.includes(before) ? circleOf(name, before, links) : undefined;
      const message = names.includes(before)
        ? circle && `sessions would follow each other for ever: ${circle.join(" -> ")}`
        : `no profile has this name; did you mean ${JSON.stringify(closest(before, names))}?`;
      const path = [index, "chain", "after", place];
      if (message !== undefined) context.addIssue({ code: "custom", path, message });
    }
  }
}

function linksOf(profiles: unknown): Link[] {
  if (!Array.isArray(profiles)) return [];
  return profiles.flatMap((profile: unknown, index) => {
    if (!isTable(profile) || !isTable(profile["chain"]) || typeof profile["name"] !== "string") return [];
    const { after } = profile["chain"];
    return Array.isArray(after) ? [{ index, name: profile["name"], after: after as unknown[] }] : [];
  });
}

/** The names from a profile over the one before it back to itself, in the order of the sessions; undefined for no circle. */
function circleOf(name: string, before: string, links: readonly Link[]): string[] | undefined {
  const seen = new Set<string>();
  const wayTo = (from: string): string[] | undefined => {
    if (from === name) return [from];
    if (seen.has(from)) return undefined;
    seen.add(from);
    for (const next of links.find((link) => link.name === from)?.after ?? []) {
      const way = typeof next === "string" ? wayTo(next) : undefined;
      if (way !== undefined) return [...way, from];
    }
    return undefined;
  };
  const way = wayTo(before);
  return way && [...way, name];
}
