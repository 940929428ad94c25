/** Writes a configuration with a profile that runs an agent, where there is none. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { AgentDefinition } from "../../config/agent-definition.ts";
import { credentialsFile, userConfigFile } from "../../config/paths.ts";
import { ensureDirectory, syncDirectory, writeNewFile } from "../../durable-files.ts";
import { AgentdError, systemCode } from "../../errors.ts";
import type { ProfileKeys } from "../../profile/keys.ts";
import type { Installation, LocalContext } from "../frame/context.ts";
import { ensureCredentialsFile } from "./first-settings.ts";
import { changingFiles } from "./service-setup.ts";

/** What the operator decides. */
export interface AgentAnswers {
  /** Of the profile. */
  readonly name: string;
  /** Undefined: each run names one. */
  readonly repo: string | undefined;
  /** Undefined: it does not run by itself. */
  readonly schedule: string | undefined;
}

/** What there is afterwards. */
export interface AgentSetUp {
  readonly answers: AgentAnswers;
  readonly configFile: string;
  readonly config: "created" | "unchanged" | "lacks_profile";
  /** The profile as TOML. */
  readonly profileText: string;
  readonly credentialsFile: string;
  readonly madeCredentials: boolean;
  /** Names of credentials that the file has no value for. */
  readonly missingCredentials: readonly string[];
}

/**
 * Writes what is not there.
 *
 * @throws AgentdError `usage` for an answer that no profile accepts; errors of `loadConfig` for a file that exists and
 * is wrong; `service_failed` when files cannot be written.
 */
export async function setUpAgent(
  definition: AgentDefinition,
  answers: AgentAnswers,
  { installation, loadConfig }: Pick<LocalContext, "installation" | "loadConfig">,
): Promise<AgentSetUp> {
  await requireAcceptable(answers);
  const { host } = installation;
  const configFile = placeOfConfig(installation);
  const secrets = credentialsFile(host);
  const profileText = profileOf(definition, answers);
  const tried = "write a first configuration";
  const isNew = await changingFiles(tried, () => writeConfig(configFile, profileText));
  const { profiles } = await loadConfig(configFile);
  const hasProfile = profiles.some(({ name }) => name === answers.name);
  const sources = credentialSources(definition);
  return {
    ...{ answers, configFile, profileText },
    config: isNew ? "created" : hasProfile ? "unchanged" : "lacks_profile",
    credentialsFile: secrets,
    madeCredentials: await changingFiles(tried, () => ensureCredentialsFile(secrets, sources)),
    missingCredentials: await missingOf(secrets, sources),
  };
}

async function requireAcceptable(answers: AgentAnswers): Promise<void> {
  const { PROFILE_KEYS } = await import("../../profile/keys.ts");
  for (const key of ["name", "repo", "schedule"] as const satisfies readonly (keyof ProfileKeys)[]) {
    const { error } = PROFILE_KEYS[key].written.safeParse(answers[key]);
    const message = error?.issues[0]?.message;
    if (message === undefined) continue;
    throw new AgentdError("usage", {
      tried: "write a first configuration",
      why: `the ${key} ${message}`,
      next: "Give another value; `agentd help init` describes the options.",
    });
  }
}

/** The file that is named, else the user's. */
function placeOfConfig({ host, options }: Installation): string {
  const named = options.config ?? (host.env["AGENTD_CONFIG"] || undefined);
  return named === undefined ? userConfigFile(host) : resolve(named);
}

/** Resolves to whether it was written; a file that exists stays as it is. */
async function writeConfig(path: string, profile: string): Promise<boolean> {
  const content = `# Configuration of agentd, written by \`agentd init\`. agentd comes with examples/agentd.toml, which shows every key.\n\n${profile}`;
  await ensureDirectory(dirname(path), 0o700);
  try {
    await writeNewFile(path, content, 0o644);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  await syncDirectory(dirname(path));
  return true;
}

/** JSON's strings are TOML's. */
function profileOf(
  { name: agent, description }: AgentDefinition,
  { name, repo, schedule }: AgentAnswers,
): string {
  const text = (value: string): string => JSON.stringify(value);
  return [
    `# ${description}. Its definition gives command, image, network and timeout; any of them can be set here, too.`,
    "[[profiles]]",
    `name = ${text(name)}`,
    `agent = ${text(agent)}`,
    repo === undefined ? '#repo = "https://github.com/example/site.git"' : `repo = ${text(repo)}`,
    "",
    "# What it is asked to do when `agentd run` gives no --request; a scheduled run has nothing else.",
    schedule === undefined ? '#request = "Fix the failing tests"' : 'request = "Fix the failing tests"',
    ...(schedule === undefined
      ? ['#schedule = "30 2 * * mon-fri"', '#overlap = "skip"']
      : [`schedule = ${text(schedule)}`, 'overlap = "skip"']),
    "",
  ].join("\n");
}

function credentialSources({ profile }: AgentDefinition): string[] {
  const { credentials } = profile;
  if (!Array.isArray(credentials)) return [];
  return (credentials as { readonly source: string }[]).map(({ source }) => source);
}

async function missingOf(file: string, names: readonly string[]): Promise<string[]> {
  const content = await readFile(file, "utf8");
  return names.filter((name) => !new RegExp(`^\\s*${name}\\s*=\\s*\\S`, "m").test(content));
}
