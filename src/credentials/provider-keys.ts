/** Finds the keys of providers among the daemon's variables. They stay on the host. */
import { AgentdError } from "../errors.ts";
import type { VariableSource } from "./resolve.ts";

/** A provider by its name, and the daemon's variable that holds its key. */
export interface KeySource {
  readonly name: string;
  readonly keySource: string;
}

/**
 * The keys by the names of their providers.
 *
 * @throws AgentdError `credential_unset` with every variable that is not set or is empty, or `credential_invalid` with
 * every key that a request cannot carry. No message holds a key.
 */
export function resolveProviderKeys(
  providers: readonly KeySource[],
  { current, file }: VariableSource,
): ReadonlyMap<string, string> {
  const keys = new Map(providers.map(({ name, keySource }) => [name, current[keySource] ?? ""]));
  const unset = providers.filter(({ name }) => keys.get(name) === "");
  if (unset.length > 0) throw keyUnset(unset, file);
  const faulty = providers.filter(({ name }) => !/^[\x21-\x7e]+$/.test(keys.get(name) ?? ""));
  if (faulty.length > 0) throw keyInvalid(faulty);
  return keys;
}

function keyUnset(unset: readonly KeySource[], file: string): AgentdError {
  const sources = [...new Set(unset.map(({ keySource }) => keySource))];
  return new AgentdError("credential_unset", {
    tried: `find the ${unset.length === 1 ? "key" : "keys"} of ${namesOf(unset)}`,
    why: `not set in ${file}, nor in the daemon's environment: ${sources.join(", ")}`,
    next: `Put ${sources.map((source) => `${source}=…`).join(", ")} into ${file} (chmod 0600), then run \`agentd reload\`.`,
    details: { providers: unset.map(({ name, keySource }) => ({ name, source: keySource })) },
  });
}

function keyInvalid(faulty: readonly KeySource[]): AgentdError {
  const sources = faulty.map(({ keySource }) => keySource).join(", ");
  return new AgentdError("credential_invalid", {
    tried: `use the ${faulty.length === 1 ? "key" : "keys"} of ${namesOf(faulty)}`,
    why: `${sources} contains characters other than printable ASCII`,
    next: "Check for a line break or a quotation mark in the value.",
  });
}

function namesOf(providers: readonly KeySource[]): string {
  const names = providers.map(({ name }) => JSON.stringify(name)).join(", ");
  return `the ${providers.length === 1 ? "provider" : "providers"} ${names}`;
}
