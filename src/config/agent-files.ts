/** Finds the definitions of agents: those of the operator, then those that agentd brings. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import { type AgentDefinition, agentDefinitionSchema, agentImage, isAgentName } from "./agent-definition.ts";
import { keyLines } from "./key-lines.ts";
import { type Host, ownAgents } from "./paths.ts";
import { layOut, problemsOf, rulesInWords } from "./problems.ts";
import { parseToml, readConfigText } from "./toml-file.ts";

/** The directories of definitions. */
export interface AgentPlaces {
  /** The operator's, whose definitions come first; it may be missing. */
  readonly own: string;
  /** What agentd brings. */
  readonly shipped: string;
}

const EXTENSION = ".toml";

/** @param packageDirectory where agentd is installed. */
export function agentPlaces(host: Host, packageDirectory: string): AgentPlaces {
  return { own: ownAgents(host), shipped: join(packageDirectory, "agents") };
}

/** The names of all agents, sorted. */
export async function agentNames({ own, shipped }: AgentPlaces): Promise<string[]> {
  const lists = await Promise.all([own, shipped].map((directory) => ifThere(readdir(directory))));
  const names = lists
    .flatMap((list) => list ?? [])
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .filter(isAgentName);
  return [...new Set(names)].sort();
}

/**
 * The definition of an agent; undefined when there is none of that name.
 *
 * @throws AgentdError `agent_invalid` with every problem of its file; `config_unreadable`, `config_syntax`.
 */
export async function findAgent(
  name: string,
  { own, shipped }: AgentPlaces,
): Promise<AgentDefinition | undefined> {
  if (!isAgentName(name)) return undefined;
  for (const directory of [own, shipped]) {
    const found = await readAgent(name, join(directory, `${name}${EXTENSION}`));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * As `findAgent`, for callers that need it.
 *
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `unknown_agent` with the names of all agents, and as `findAgent` does.
 */
export async function requireAgent(
  name: string,
  places: AgentPlaces,
  tried: string,
): Promise<AgentDefinition> {
  const found = await findAgent(name, places);
  if (found !== undefined) return found;
  throw new AgentdError("unknown_agent", {
    tried,
    why: `no agent is called ${JSON.stringify(name)}; there are ${(await agentNames(places)).join(", ")}`,
    next: `Name one of them, or define it in ${places.own}.`,
    details: { agent: name },
  });
}

async function readAgent(name: string, file: string): Promise<AgentDefinition | undefined> {
  const source = await readConfigText(file).catch((error: unknown) => {
    if (error instanceof AgentdError && error.code === "config_not_found") return undefined;
    throw error;
  });
  if (source === undefined) return undefined;
  const { document } = await parseToml(file, source);
  const { data, error } = agentDefinitionSchema.safeParse(document, { error: rulesInWords });
  if (data === undefined) {
    throw invalid(name, file, problemsOf(agentDefinitionSchema, document, error.issues, keyLines(source)));
  }
  const { description, dialect, least_timeout: leastTimeout, with_llm: withLlm, skills, mcp, image } = data;
  const made = image === undefined ? {} : { base_image: agentImage(name), pull: "never" };
  const profile = data.profile["base_image"] === undefined ? { ...made, ...data.profile } : data.profile;
  return { name, file, description, dialect, leastTimeout, profile, withLlm, skills, mcp, image };
}

function invalid(name: string, file: string, problems: Parameters<typeof layOut>[1]): AgentdError {
  const count = problems.length === 1 ? "there is 1 problem" : `there are ${problems.length} problems`;
  return new AgentdError("agent_invalid", {
    tried: `use the agent ${name}`,
    why: `${count}${layOut(file, problems)}`,
    next: "Fix the definition and try again; docs/agents.md describes every key.",
    details: { agent: name, file, problems },
  });
}
