/** The hosts that the operator has given names: `contexts.toml` beside the configuration. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";
import { parseToml } from "../config/toml-file.ts";
import { commitFile, ensureDirectory, stageFile } from "../durable-files.ts";
import { AgentdError, systemCode } from "../errors.ts";
import { ADDRESS_RULE, readAddress } from "./address.ts";

/** The context that is no other host. */
export const LOCAL = "local";

const NAME = /^[a-z0-9][\w.-]{0,62}$/i;
const NAME_RULE = "a name has up to 63 letters, digits, `.`, `_` and `-`, and begins with a letter or digit";

/** A host with a name. */
export interface NamedHost {
  /** `ssh://[USER@]HOST[:PORT]` or `https://HOST[:PORT]`. */
  readonly host: string;
  /** agentd there, a name or an absolute path; undefined: `agentd`. */
  readonly program?: string | undefined;
  /** For `https://`: the file with the token, an absolute path; undefined: AGENTD_TOKEN_FILE names it. */
  readonly tokenFile?: string | undefined;
}

/** What the file says. */
export interface Contexts {
  /** Which one commands use that name none; undefined: this machine. */
  readonly current: string | undefined;
  readonly hosts: ReadonlyMap<string, NamedHost>;
}

const fileSchema = z.strictObject({
  current: z.string().optional(),
  contexts: z
    .record(
      z.string(),
      z.strictObject({ host: z.string(), program: z.string().optional(), token_file: z.string().optional() }),
    )
    .optional(),
});

/**
 * Reads the file; one that does not exist has no contexts.
 *
 * @throws AgentdError `contexts_unusable`.
 */
export async function readContexts(file: string): Promise<Contexts> {
  let source: string;
  try {
    source = await readFile(file, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return { current: undefined, hosts: new Map() };
    throw unusable(`read the contexts in ${file}`, systemCode(cause) ?? String(cause), cause);
  }
  const { document } = await parseToml(file, source);
  const read = fileSchema.safeParse(document);
  if (!read.success) {
    const [first] = read.error.issues;
    throw unusable(`read the contexts in ${file}`, `${first?.path.join(".") ?? ""}: ${first?.message ?? ""}`);
  }
  const { current, contexts = {} } = read.data;
  for (const [name, { host }] of Object.entries(contexts)) checkContext(name, host);
  const named = Object.entries(contexts).map(([name, { host, program, token_file: tokenFile }]) => {
    return [name, { host, program, tokenFile }] as const;
  });
  return { current, hosts: new Map(named) };
}

/**
 * Replaces the file.
 *
 * @throws AgentdError `contexts_unusable`.
 */
export async function writeContexts(file: string, { current, hosts }: Contexts): Promise<void> {
  const { default: toml } = await import("@iarna/toml");
  const contexts = Object.fromEntries(
    [...hosts].map(([name, { host, program, tokenFile }]) => [
      name,
      {
        host,
        ...(program === undefined ? {} : { program }),
        ...(tokenFile === undefined ? {} : { token_file: tokenFile }),
      },
    ]),
  );
  try {
    await ensureDirectory(dirname(file), 0o700);
    await stageFile(file, toml.stringify({ ...(current === undefined ? {} : { current }), contexts }));
    await commitFile(file);
  } catch (cause) {
    throw unusable(`write the contexts to ${file}`, systemCode(cause) ?? String(cause), cause);
  }
}

/**
 * The address of a context, as ssh is given it.
 *
 * @throws AgentdError `context_invalid`.
 */
export function checkContext(name: string, host: string): string {
  const invalid = (why: string): AgentdError =>
    new AgentdError("context_invalid", {
      tried: `use ${JSON.stringify(host)} as context ${JSON.stringify(name)}`,
      why,
      next: "For example: `agentd context add prod ssh://me@server`.",
    });
  if (name === LOCAL) throw invalid(`${LOCAL} is always this machine`);
  if (!NAME.test(name)) throw invalid(NAME_RULE);
  const address = readAddress(host);
  if (address === undefined) throw invalid(ADDRESS_RULE);
  return address;
}

/**
 * The host of a context.
 *
 * @throws AgentdError `unknown_context`.
 */
export function hostOfContext(contexts: Contexts, name: string): NamedHost {
  const found = contexts.hosts.get(name);
  if (found !== undefined) return found;
  const names = [LOCAL, ...contexts.hosts.keys()];
  throw new AgentdError("unknown_context", {
    tried: `use context ${JSON.stringify(name)}`,
    why: `there is no such context; there are ${names.join(", ")}`,
    next: "Add it with `agentd context add NAME ssh://USER@HOST`.",
  });
}

function unusable(tried: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("contexts_unusable", {
    tried,
    why,
    next: "Check the file and its permissions; `agentd context ls` lists what it says.",
    cause,
  });
}
