/** Which host a command is for: this one, or another that options, environment or the current context name. */
import type { Environment } from "../environment.ts";
import { AgentdError } from "../errors.ts";
import { ADDRESS_RULE, readAddress } from "./address.ts";
import { hostOfContext, LOCAL, type NamedHost, readContexts } from "./contexts.ts";

/** Another host, on which commands run. */
export interface RemoteHost {
  /** As the operator calls it: the name of the context, else the address. */
  readonly name: string;
  /** `ssh://[USER@]HOST[:PORT]`, or `https://HOST[:PORT]` of its `agentd web`. */
  readonly address: string;
  /** agentd there, a name or a path. */
  readonly program: string;
  /** For `https://`: the file with the token; undefined: as the environment says. */
  readonly tokenFile: string | undefined;
}

/** What said which host it is. */
export type Chooser = "--host" | "--context" | "AGENTD_HOST" | "AGENTD_CONTEXT" | "contexts.toml" | "default";

export interface Selection {
  /** Undefined: this machine. */
  readonly remote: RemoteHost | undefined;
  readonly by: Chooser;
}

export interface SelectionSources {
  /** Options of the command line; undefined where they were not given. */
  readonly options: { readonly host?: string | undefined; readonly context?: string | undefined };
  readonly env: Environment;
  /** Path of `contexts.toml`, which need not exist. */
  readonly contextsFile: string;
}

export const DEFAULT_PROGRAM = "agentd";

/**
 * Options come before the environment, and that before the current context.
 *
 * @throws AgentdError `usage`, `context_invalid`, `unknown_context`, `contexts_unusable`.
 */
export async function selectHost({ options, env, contextsFile }: SelectionSources): Promise<Selection> {
  const { host, context } = options;
  if (host !== undefined && context !== undefined) {
    throw new AgentdError("usage", {
      tried: "choose a host",
      why: "--host and --context exclude each other",
    });
  }
  const named = async (name: string): Promise<RemoteHost | undefined> =>
    name === LOCAL ? undefined : remoteOf(name, hostOfContext(await readContexts(contextsFile), name));
  if (host !== undefined) return { remote: byAddress(host, "--host"), by: "--host" };
  if (context !== undefined) return { remote: await named(context), by: "--context" };
  const { AGENTD_HOST: hostSet, AGENTD_CONTEXT: contextSet } = env;
  if (hostSet) return { remote: byAddress(hostSet, "AGENTD_HOST"), by: "AGENTD_HOST" };
  if (contextSet) return { remote: await named(contextSet), by: "AGENTD_CONTEXT" };
  const { current } = await readContexts(contextsFile);
  if (current === undefined) return { remote: undefined, by: "default" };
  return { remote: await named(current), by: "contexts.toml" };
}

/** The host of a context as commands use it. */
export function remoteOf(
  name: string,
  { host, program = DEFAULT_PROGRAM, tokenFile }: NamedHost,
): RemoteHost {
  return { name, address: readAddress(host) ?? host, program, tokenFile };
}

function byAddress(text: string, by: string): RemoteHost {
  const address = readAddress(text);
  if (address !== undefined) return remoteOf(address, { host: address });
  throw new AgentdError("context_invalid", {
    tried: `use ${JSON.stringify(text)} as ${by}`,
    why: ADDRESS_RULE,
    next: "For example: `agentd --host ssh://me@server ps`.",
  });
}
