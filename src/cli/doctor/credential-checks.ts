/** Whether the values that profiles take from an environment are there. Values are looked at and never told. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Profile } from "../../profile/profile.ts";
import { credentialsFile, userUnitDirectory, type Host } from "../../config/paths.ts";
import { AgentdError } from "../../errors.ts";
import { failure, ok, warning, type Finding } from "../../finding.ts";
import { isReachable } from "../../if-there.ts";
import { othersMode } from "../others-mode.ts";
import { countText } from "../size-text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment that counts, and how it is called. */
export interface CredentialSource {
  readonly variables: Environment;
  /** `the environment of the running daemon`. */
  readonly what: string;
  /** Mends what is missing there, given the variables' names. */
  readonly mend: (names: readonly string[]) => string;
}

export interface CredentialPlaces {
  /** What the service takes variables from. */
  readonly file: string;
  /** The unit; where it exists the daemon is a service. */
  readonly unit: string;
}

export function credentialPlaces(host: Host): CredentialPlaces {
  return { file: credentialsFile(host), unit: join(userUnitDirectory(host), "agentd.service") };
}

/**
 * Finds the environment in which sessions find their credentials: that of the daemon that runs, else what the service
 * would have, else the one that `agentd daemon` would get from here.
 *
 * @param own of this process. @param daemonPid undefined when no daemon runs.
 */
export async function findCredentialSource(
  own: Environment,
  { file, unit }: CredentialPlaces,
  daemonPid: number | undefined,
): Promise<CredentialSource> {
  const isService = await isReachable(unit);
  const lines = (names: readonly string[]): string => names.map((name) => `${name}=…`).join(", ");
  const inFile = (names: readonly string[]): string =>
    `${lines(names)} in ${file} (chmod 0600), then: systemctl --user restart agentd`;
  const exported = (names: readonly string[]): string =>
    `export ${names.map((name) => `${name}=…`).join(" ")} where agentd daemon is started`;
  const mend = isService ? inFile : exported;
  const running = daemonPid === undefined ? undefined : await environmentOf(daemonPid);
  if (running !== undefined)
    return { variables: running, what: "the environment of the running daemon", mend };
  const written = parseEnvironmentFile(await readFile(file, "utf8").catch(() => ""));
  if (isService) return { variables: written, what: `${file}, where the service takes them from`, mend };
  return { variables: { ...written, ...own }, what: `this environment and ${file}`, mend };
}

async function environmentOf(pid: number): Promise<Environment | undefined> {
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => undefined);
  return text === undefined ? undefined : Object.fromEntries(text.split("\0").map(splitVariable));
}

/** The variables of a file as systemd reads it, as far as it is written without continued lines. */
export function parseEnvironmentFile(text: string): Environment {
  const lines = text.split("\n").map((line) => line.trim());
  const variables = lines.filter((line) => /^[A-Za-z_]\w*=/.test(line)).map(splitVariable);
  return Object.fromEntries(variables.map(([name, value]) => [name, value.replace(/^(["'])(.*)\1$/s, "$2")]));
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The functions that a launch resolves by. */
export interface Resolve {
  readonly credentials: (credentials: Profile["credentials"], variables: Environment) => unknown;
  readonly token: (source: string, variables: Environment) => string;
}

/** Nothing for a profile that takes none. */
export function credentialFinding(
  { credentials, repoTokenSource }: Pick<Profile, "credentials" | "repoTokenSource">,
  { variables, what, mend }: CredentialSource,
  own: Environment,
  resolve: Resolve,
): Finding | undefined {
  const sources = credentials.map(({ source }) => source);
  if (repoTokenSource !== undefined) sources.push(repoTokenSource);
  if (sources.length === 0) return undefined;
  const unset = sources.filter((name) => variables[name] === undefined);
  if (unset.length > 0) {
    const summary = `not set in ${what}: ${unset.join(", ")}`;
    const isElsewhere = unset.every((name) => own[name] !== undefined);
    return failure(
      isElsewhere ? `${summary} (only in the environment of this command)` : summary,
      mend(unset),
    );
  }
  try {
    resolve.credentials(credentials, variables);
    if (repoTokenSource !== undefined) resolve.token(repoTokenSource, variables);
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error;
    return failure(error.message, error.next ?? mend(sources));
  }
  return ok(`${countText(sources.length, "variable")} found in ${what}`);
}

/** Nothing where there is no such file. */
export async function credentialFileFinding({ file }: CredentialPlaces): Promise<Finding | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return undefined;
  const mode = othersMode(found);
  if (mode === undefined) return ok(`${file} is yours alone`);
  return warning(`${file} has mode ${mode}, so others can read what it holds`, `chmod 0600 ${file}`);
}
