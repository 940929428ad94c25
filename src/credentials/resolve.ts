/** Reads the values of a profile's credentials from the daemon's environment. */
import { AgentdError } from "../errors.ts";
import { shellKeeps, VARIABLE_NAME } from "./shell-names.ts";

/** A credential's name inside the session, and the daemon's variable that holds its value. */
export interface CredentialSource {
  readonly name: string;
  readonly source: string;
}

/** The kernel's limit for one `NAME=value` of a new process, its closing NUL included. */
const MAX_VARIABLE_BYTES = 128 * 1024;

/**
 * The values by their names inside the session; an empty value is one too.
 *
 * @param environment the daemon's own; only the sources are read.
 * @throws AgentdError `credential_unset` with every variable that is not set, or `credential_invalid` with every
 * credential that cannot be handed over. No message holds a value.
 */
export function resolveCredentials(
  credentials: readonly CredentialSource[],
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const unset: CredentialSource[] = [];
  const faults: string[] = [];
  for (const credential of credentials) {
    const value = environment[credential.source];
    if (value === undefined) {
      unset.push(credential);
      continue;
    }
    const fault = credentialFault(credential.name, value);
    if (fault !== undefined) faults.push(`${credential.name} (from ${credential.source}) ${fault}`);
    values.set(credential.name, value);
  }
  if (unset.length > 0) throw credentialUnset(unset);
  if (faults.length > 0) throw credentialInvalid(faults);
  return values;
}

/**
 * The token that a repository is cloned with, which stays on the host.
 *
 * @param source the daemon's variable that holds it.
 * @throws AgentdError `credential_unset`, also when it is empty, or `credential_invalid`.
 */
export function resolveToken(
  source: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const token = environment[source];
  if (token === undefined || token === "") throw credentialUnset([{ name: "repo_token_source", source }]);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw credentialInvalid([`repo_token_source (from ${source}) holds more than printable ASCII characters`]);
}

function credentialFault(name: string, value: string): string | undefined {
  if (!VARIABLE_NAME.test(name)) return "has a name that is not one of an environment variable";
  if (shellKeeps(name)) return "has a name that the shell keeps for itself";
  if (value.includes("\0")) return "holds a NUL character";
  // Node decodes the environment before anybody can look, and what is not UTF-8 is lost in that.
  if (value.includes("\uFFFD")) return "holds a value that is not UTF-8";
  if (Buffer.byteLength(`${name}=${value}\0`) > MAX_VARIABLE_BYTES)
    return "is longer than the kernel takes (128 KiB)";
  return undefined;
}

function credentialUnset(unset: readonly CredentialSource[]): AgentdError {
  const sources = unset.map(({ source }) => source).join(", ");
  return new AgentdError("credential_unset", {
    tried: `resolve ${unset.length === 1 ? "the credential" : "the credentials"} ${unset.map(({ name }) => name).join(", ")}`,
    why: `not set in the daemon's environment: ${sources}`,
    next: `Set ${sources} where the daemon is started (systemctl --user edit agentd, or export), then restart it.`,
    details: { credentials: unset.map(({ name, source }) => ({ name, source })) },
  });
}

function credentialInvalid(faults: readonly string[]): AgentdError {
  return new AgentdError("credential_invalid", {
    tried: "hand over credentials",
    why: faults.join("; "),
    next: "Give them another name or value; binary data can be passed as base64.",
  });
}
