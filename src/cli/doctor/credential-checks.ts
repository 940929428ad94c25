/** Whether the values that profiles take from an environment exist. Values are read but never shown. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { credentialsFile, type Host, userUnitDirectory } from "../../config/paths.ts";
import type { Environment } from "../../environment.ts";
import { AgentdError } from "../../errors.ts";
import { failure, type Finding, ok } from "../../finding.ts";
import { isReachable } from "../../if-there.ts";
import type { Profile } from "../../profile/profile.ts";
import { countText } from "../words/size-text.ts";

/** The variables that count, and where they are. */
export interface CredentialSource {
  readonly current: Environment;
  /** Where an operator puts them. */
  readonly file: string;
  /** All places that they can come from: `FILE and the environment of the running daemon`. */
  readonly what: string;
  /** The command that adds missing variables, given their names. */
  readonly fix: (names: readonly string[]) => string;
}

export interface CredentialPlaces {
  /** What the daemon reads variables from. */
  readonly file: string;
  /** The unit; where it exists the daemon is a service. */
  readonly unit: string;
}

export function credentialPlaces(host: Host): CredentialPlaces {
  return { file: credentialsFile(host), unit: join(userUnitDirectory(host), "agentd.service") };
}

/**
 * Finds the variables in which sessions find their credentials: those of the file, and those of the environment of the
 * daemon that runs, else of the one that `agentd daemon` would get from here.
 *
 * @param own of this process. @param daemonPid undefined when no daemon runs.
 */
export async function findCredentialSource(
  own: Environment,
  { file, unit }: CredentialPlaces,
  daemonPid: number | undefined,
): Promise<CredentialSource> {
  const running = daemonPid === undefined ? undefined : await environmentOf(daemonPid);
  const { parseEnvironmentText } = await import("../../credentials/environment-file.ts");
  const { variables: written } = parseEnvironmentText(await readFile(file, "utf8").catch(() => ""));
  const fix = (names: readonly string[]): string => {
    const lines = `${names.map((name) => `${name}=…`).join(", ")} in ${file} (chmod 0600)`;
    return running === undefined ? lines : `${lines}, then: agentd reload`;
  };
  const found = (environment: Environment, more: string): CredentialSource => ({
    ...{ file, fix },
    current: { ...environment, ...written },
    what: `${file}${more}`,
  });
  if (running !== undefined) return found(running, " and the environment of the running daemon");
  return (await isReachable(unit)) ? found({}, "") : found(own, " and this environment");
}

async function environmentOf(pid: number): Promise<Environment | undefined> {
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => undefined);
  return text === undefined ? undefined : Object.fromEntries(text.split("\0").map(splitVariable));
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The functions that a launch resolves by. */
export interface Resolve {
  readonly credentials: (credentials: Profile["credentials"], source: CredentialSource) => unknown;
  readonly token: (name: string, source: CredentialSource) => string;
}

/** Nothing for a profile that takes none. */
export function credentialFinding(
  { credentials, repoTokenSource }: Pick<Profile, "credentials" | "repoTokenSource">,
  source: CredentialSource,
  own: Environment,
  resolve: Resolve,
): Finding | undefined {
  const { current, what, fix } = source;
  const sources = credentials.map(({ source: name }) => name);
  if (repoTokenSource !== undefined) sources.push(repoTokenSource);
  if (sources.length === 0) return undefined;
  const unset = sources.filter((name) => current[name] === undefined);
  if (unset.length > 0) {
    const summary = `not set in ${what}: ${unset.join(", ")}`;
    const isElsewhere = unset.every((name) => own[name] !== undefined);
    return failure(
      isElsewhere ? `${summary} (only in the environment of this command)` : summary,
      fix(unset),
    );
  }
  try {
    resolve.credentials(credentials, source);
    if (repoTokenSource !== undefined) resolve.token(repoTokenSource, source);
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error;
    return failure(error.message, error.next ?? fix(sources));
  }
  return ok(`${countText(sources.length, "variable")} found in ${what}`);
}

/** Nothing where there is no such file. @throws AgentdError as a daemon that starts does. */
export async function credentialFileFinding(
  { file }: CredentialPlaces,
  uid: number,
): Promise<Finding | undefined> {
  if (!(await isReachable(file))) return undefined;
  const { readCredentialsFile } = await import("../../credentials/credentials-file.ts");
  await readCredentialsFile(file, uid);
  return ok(`only you can access ${file}`);
}
