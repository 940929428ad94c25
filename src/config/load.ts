/** Loads the configuration: all of it or, with every problem in one error, none of it. */
import { resolve } from "node:path";
import { AgentdError } from "../errors.ts";
import { type Completed, completeProfiles } from "./agent-profiles.ts";
import { type Config, toConfig } from "./config.ts";
import { hostIssues } from "./host-rules.ts";
import { keyLines } from "./key-lines.ts";
import { type Host, ownAgents } from "./paths.ts";
import { layOut, type Problem, problemsOf, rulesInWords } from "./problems.ts";
import { configSchema, type SchemaDefaults } from "./schema.ts";
import { parseToml, readConfigText, type TomlFile } from "./toml-file.ts";

/** The host that a configuration is for. */
export interface ConfigHost extends Host, SchemaDefaults {
  /** Absolute path of the definitions of agents that agentd brings. */
  readonly shippedAgents: string;
}

/**
 * Reads and validates a configuration file. What it names on disk (mounts, sockets, images, credentials) is not looked
 * at: that belongs to the launch of a session.
 *
 * @throws AgentdError `config_not_found`, `config_unreadable`, `config_syntax`, or `config_invalid`, whose
 * `details.problems` are all of the `Problem`s; `agent_invalid` for the definition of an agent that a profile names.
 */
export async function loadConfig(path: string, host: ConfigHost): Promise<Config> {
  const file = resolve(path);
  const toml = await parseToml(file, await readConfigText(file));
  const places = { own: ownAgents(host), shipped: host.shippedAgents };
  return validate(toml, await completeProfiles(toml.document, places), host);
}

function validate(
  { path, source }: TomlFile,
  { document, issues: agentIssues }: Completed,
  host: ConfigHost,
): Config {
  const schema = configSchema(host);
  const { data, error } = schema.safeParse(document, { error: rulesInWords });
  const issues = [...agentIssues, ...(error?.issues ?? []), ...hostIssues(path, document, host)];
  if (data !== undefined && issues.length === 0) return toConfig(path, data);
  throw invalid(path, problemsOf(schema, document, issues, keyLines(source)));
}

function invalid(file: string, problems: readonly Problem[]): AgentdError {
  const count = problems.length === 1 ? "there is 1 problem" : `there are ${problems.length} problems`;
  return new AgentdError("config_invalid", {
    tried: `use the configuration ${file}`,
    why: `${count}${layOut(file, problems)}`,
    next: "Fix the file and try again; examples/agentd.toml shows every key.",
    details: { file, problems },
  });
}
