/** Completes profiles that name an agent: what they leave out comes from its definition. */
import { dirname, resolve } from "node:path";
import type * as z from "zod";
import { isTable } from "../profile/rules/field-rules.ts";
import { gitSourceOf } from "../profile/rules/home-sources.ts";
import type { AgentDefinition } from "./agent-definition.ts";
import { agentNames, type AgentPlaces, findAgent } from "./agent-files.ts";
import { withGifts } from "./agent-gifts.ts";
import { withoutProviders } from "./agent-llm.ts";

type Issue = z.core.$ZodIssue;
type Table = Readonly<Record<string, unknown>>;

/** A document in which no key of a definition is missing any more. */
export interface Completed {
  readonly document: Record<string, unknown>;
  /** For agents that do not exist, and for what an agent cannot be given. */
  readonly issues: readonly Issue[];
}

/**
 * Completes every profile of a document that need not be valid; the document itself stays as it is.
 *
 * @throws AgentdError as `findAgent` does, for a definition that a profile needs.
 */
export async function completeProfiles(
  document: Record<string, unknown>,
  places: AgentPlaces,
): Promise<Completed> {
  const { profiles } = document;
  if (!Array.isArray(profiles)) return { document, issues: [] };
  const issues: Issue[] = [];
  const completed = await Promise.all(
    profiles.map(async (profile: unknown, index): Promise<unknown> => {
      const agent = isTable(profile) ? profile["agent"] : undefined;
      if (!isTable(profile) || typeof agent !== "string") return profile;
      const definition = await findAgent(agent, places);
      if (definition !== undefined) {
        const given = withGifts(completeProfile(profile, definition), agent, definition);
        for (const { path, message } of given.faults) {
          issues.push({ code: "custom", path: ["profiles", index, ...path], message, input: undefined });
        }
        return given.profile;
      }
      const message = `no agent is called so; there are ${(await agentNames(places)).join(", ")}, and definitions of your own belong in ${places.own}`;
      issues.push({ code: "custom", path: ["profiles", index, "agent"], message, input: undefined });
      // Whether they are missing only the definition would say.
      return { base_image: "image", command: ["true"], ...profile };
    }),
  );
  return { document: { ...document, profiles: completed }, issues };
}

/**
 * A profile with what its agent's definition adds. What the profile says stays; entries of `env` and other tables,
 * and of `files`, `credentials` and `mounts`, are added to those that it has. With language models it gets no
 * credential of a provider.
 */
export function completeProfile(profile: Table, definition: AgentDefinition): Table {
  const given = withPathsFrom(dirname(definition.file), whatIsGiven(profile, definition));
  const defaults: Record<string, unknown> = { ...given };
  // An allowlist is for its network alone, and an image that is pulled is not the agent's.
  if (profile["network"] !== undefined && profile["network"] !== "allowlist") delete defaults["allow"];
  if (profile["base_image"] !== undefined) delete defaults["pull"];
  return mergedTables(profile, defaults);
}

function whatIsGiven(profile: Table, { profile: given, withLlm }: AgentDefinition): Table {
  if ((profile["llm"] ?? given["llm"]) === undefined) return given;
  return mergedTables(withLlm, withoutProviders(given));
}

function mergedTables(own: Table, given: Table): Table {
  const keys = new Set([...Object.keys(own), ...Object.keys(given)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(key, own[key], given[key])]));
}

/** The key by which entries of a list are the same. */
const IDENTITY: Readonly<Record<string, string>> = {
  files: "target",
  credentials: "name",
  mounts: "target",
  mcp_servers: "name",
};

function merged(key: string, own: unknown, given: unknown): unknown {
  if (own === undefined) return given;
  if (given === undefined) return own;
  const identity = IDENTITY[key];
  if (identity !== undefined && Array.isArray(own) && Array.isArray(given)) {
    const has = new Set(own.map((entry: unknown) => (isTable(entry) ? entry[identity] : undefined)));
    // The profile's own come first, so that a problem names the place in its file.
    return [
      ...(own as unknown[]),
      ...(given as unknown[]).filter((entry) => isTable(entry) && !has.has(entry[identity])),
    ];
  }
  return isTable(own) && isTable(given) ? { ...given, ...own } : own;
}

/** Paths in a definition are meant from its own directory. */
function withPathsFrom(directory: string, given: Table): Table {
  const at = (path: unknown): unknown => (typeof path === "string" ? resolve(directory, path) : path);
  const ofGitOrAt = (source: unknown): unknown =>
    typeof source === "string" && gitSourceOf(source) !== undefined ? source : at(source);
  const sources = (from: (source: unknown) => unknown) => (entries: unknown) =>
    Array.isArray(entries)
      ? entries.map((entry: unknown) =>
          isTable(entry) && entry["source"] !== undefined
            ? { ...entry, source: from(entry["source"]) }
            : entry,
        )
      : entries;
  const paths: Readonly<Record<string, (value: unknown) => unknown>> = {
    methodology_dir: at,
    directory: at,
    skills: (entries) => (Array.isArray(entries) ? entries.map(ofGitOrAt) : entries),
    files: sources(ofGitOrAt),
    mounts: sources(at),
  };
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, paths[key]?.(value) ?? value]));
}
