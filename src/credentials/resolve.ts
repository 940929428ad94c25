/** Finds the values of a profile's credentials among the daemon's variables. */
import { AgentdError } from "../errors.ts";
import { shellKeeps, VARIABLE_NAME } from "./shell-names.ts";

/** The daemon's variables, and the file that an operator puts them into. */
export interface VariableSource {
  /** Only variables that profiles name are read. */
  readonly current: Readonly<Record<string, string | undefined>>;
  readonly file: string;
}

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
 * @throws AgentdError `credential_unset` with every variable that is not set, or `credential_invalid` with every
 * credential that cannot be handed over. No message holds a value.
 */
export function resolveCredentials(
  credentials: readonly CredentialSource[],
  variables: VariableSource,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const unset: CredentialSource[] = [];
  const faults: string[] = [];
  for (const credential of credentials) {
    const value = variables.current[credential.source];
    if (value === undefined) {
      unset.push(credential);
      continue;
    }
    const fault = credentialFault(credential.name, value);
    if (fault !== undefined) faults.push(`${credential.name} (from ${credential.source}) ${fault}`);
    values.set(credential.name, value);
  }
  if (unset.length > 0) throw credentialUnset(unset, variables.file);
  if (faults.length > 0) throw credentialInvalid(faults);
  return values;
}

/**
 * The token that a repository is cloned with, which stays on the host.
 *
 * @param source the daemon's variable that holds it.
 * @throws AgentdError `credential_unset`, also when it is empty, or `credential_invalid`.
 */
export function resolveToken(source: string, { current, file }: VariableSource): string {
  const token = current[source];
  if (token === undefined || token === "") {
    throw credentialUnset([{ name: "repo_token_source", source }], file);
  }
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw credentialInvalid([
    `repo_token_source (from ${source}) contains characters other than printable ASCII`,
  ]);
}

function credentialFault(name: string, value: string): string | undefined {
  if (!VARIABLE_NAME.test(name)) return "has a name that is not valid for an environment variable";
  if (shellKeeps(name)) return "has a name that the shell reserves";
  if (value.includes("\0")) return "contains a NUL character";
  // Node has already decoded the environment, and bytes that are not UTF-8 are lost in that.
  if (value.includes("\uFFFD")) return "has a value that is not UTF-8";
  if (Buffer.byteLength(`${name}=${value}\0`) > MAX_VARIABLE_BYTES)
    return "is longer than the kernel allows (128 KiB)";
  return undefined;
}

function credentialUnset(unset: readonly CredentialSource[], file: string): AgentdError {
  const sources = unset.map(({ source }) => source).join(", ");
  const lines = unset.map(({ source }) => `${source}=…`).join(", ");
  return new AgentdError("credential_unset", {
    tried: `resolve ${unset.length === 1 ? "the credential" : "the credentials"} ${unset.map(({ name }) => name).join(", ")}`,
    why: `not set in ${file}, nor in the daemon's environment: ${sources}`,
    next: `Put ${lines} into ${file} (chmod 0600), then run \`agentd reload\`.`,
    details: { credentials: unset.map(({ name, source }) => ({ name, source })) },
  });
}

function credentialInvalid(faults: readonly string[]): AgentdError {
  return new AgentdError("credential_invalid", {
    tried: "pass the credentials to the session",
    why: faults.join("; "),
    next: "Change the name or the value; encode binary data as base64.",
  });
}
