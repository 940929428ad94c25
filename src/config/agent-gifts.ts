/** What a profile gives its agent besides a task, as files where the agent's definition says: skills, and MCP servers. */
import { extname } from "node:path";
import { parse, stringify } from "@iarna/toml";
import * as z from "zod";
import { HOME, type WrittenMcpServer } from "../profile/keys/home.ts";
import { isTable, rule } from "../profile/rules/field-rules.ts";
import { fileTargetFaults } from "../profile/rules/file-targets.ts";
import { sourceName } from "../profile/rules/home-sources.ts";

type Table = Readonly<Record<string, unknown>>;

/** A problem of a profile, by the keys that lead to it. */
export interface GiftFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const homePath = () =>
  z.string().superRefine(rule((target) => fileTargetFaults([target], [], undefined)[0]?.message));

/** Where an agent reads MCP servers, and how it writes one. */
const mcpSchema = z.strictObject({
  /** In the home. */
  file: homePath().regex(/\.(?:json|toml)$/, "must end in .json or .toml"),
  /** The table of that file with a table for each server, by its name. */
  table: z.string().min(1, "must not be empty"),
  /** A server that is a program. In braces stand what the profile says: `{program}`, `{arguments}`, both as `{command}`, and `{env}`. */
  command: z.record(z.string(), z.unknown()),
  /** One that is elsewhere: `{url}`. Undefined: the agent has none. */
  url: z.record(z.string(), z.unknown()).optional(),
});

/** The keys of a definition that say where gifts go; one that is left out is for agents that take none. */
export const GIFT_PLACES = {
  /** The directory of the home with a directory for each skill. */
  skills: homePath().optional(),
  mcp: mcpSchema.optional(),
};

export interface GiftPlaces {
  readonly skills: string | undefined;
  readonly mcp: z.output<typeof mcpSchema> | undefined;
}

const writtenSkills = HOME.skills.written;
const writtenServers = HOME.mcp_servers.written;

/**
 * A profile with the files that its skills and MCP servers come to. Values that break the rules of their keys are left
 * to these.
 */
export function withGifts(
  profile: Table,
  agent: string,
  { skills: directory, mcp }: GiftPlaces,
): { readonly profile: Table; readonly faults: readonly GiftFault[] } {
  const skills = writtenSkills.safeParse(profile["skills"] ?? []).data ?? [];
  const servers = writtenServers.safeParse(profile["mcp_servers"] ?? []).data ?? [];
  const faults: GiftFault[] = [];
  const files: unknown[] = Array.isArray(profile["files"]) ? [...(profile["files"] as unknown[])] : [];
  if (skills.length > 0) {
    if (directory === undefined) {
      faults.push({
        path: ["skills"],
        message: `${agent} reads no skills: its definition does not say where`,
      });
    } else {
      files.push(...skills.map((source) => ({ target: `${directory}/${sourceName(source)}`, source })));
      faults.push(...namesakes(skills));
    }
  }
  if (servers.length > 0) {
    if (mcp === undefined) {
      const message = `${agent} takes no MCP servers: its definition does not say where`;
      faults.push({ path: ["mcp_servers"], message });
    } else faults.push(...addServers(files, servers, agent, mcp));
  }
  return { profile: skills.length + servers.length === 0 ? profile : { ...profile, files }, faults };
}

function namesakes(skills: readonly string[]): GiftFault[] {
  const names = skills.map((source) => sourceName(source));
  return names.flatMap((name, index): GiftFault[] =>
    names.indexOf(name) === index
      ? []
      : [{ path: ["skills", index], message: `another skill of this profile is called ${name}, too` }],
  );
}

/** Writes the servers into the file that the agent reads: a new one, or the one that the profile has there. */
function addServers(
  files: unknown[],
  servers: readonly WrittenMcpServer[],
  agent: string,
  { file, table, command, url }: NonNullable<GiftPlaces["mcp"]>,
): GiftFault[] {
  const faults: GiftFault[] = [];
  const written = servers.flatMap((server, index): [string, Table][] => {
    const form = server.url === undefined ? command : url;
    if (form !== undefined) return [[server.name, filled(form, server)]];
    faults.push({ path: ["mcp_servers", index, "url"], message: `${agent} starts programs only` });
    return [];
  });
  const place = files.findIndex((entry) => isTable(entry) && entry["target"] === file);
  const before = place === -1 ? undefined : (files[place] as Table);
  if (before !== undefined && typeof before["content"] !== "string") {
    const message = "mcp_servers are written into this file: give it as content";
    return [...faults, { path: ["files", place], message }];
  }
  const format = FORMATS[extname(file)] ?? JSON_FORMAT;
  const document = documentIn(before?.["content"], format);
  if (document === undefined) {
    const message = "mcp_servers are written into this file, and it cannot be read as a table";
    return [...faults, { path: ["files", place, "content"], message }];
  }
  const others = isTable(document[table]) ? document[table] : {};
  const content = format.write({ ...document, [table]: { ...others, ...Object.fromEntries(written) } });
  files.splice(place === -1 ? files.length : place, 1, { target: file, content });
  return faults;
}

interface Format {
  readonly read: (text: string) => unknown;
  readonly write: (document: Table) => string;
}

const JSON_FORMAT: Format = {
  read: JSON.parse,
  write: (document) => `${JSON.stringify(document, null, 2)}\n`,
};

const FORMATS: Readonly<Record<string, Format>> = {
  ".json": JSON_FORMAT,
  ".toml": { read: parse, write: (document) => stringify(document as Parameters<typeof stringify>[0]) },
};

/** Undefined where it is no table. @param content undefined: there is no such file yet. */
function documentIn(content: unknown, { read }: Format): Table | undefined {
  if (typeof content !== "string") return {};
  try {
    const document = read(content);
    return isTable(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** What has no value is left out. */
function filled(form: Table, { command = [], url, env }: WrittenMcpServer): Table {
  const [program, ...rest] = command;
  const values: Table = {
    "{command}": command,
    "{program}": program,
    "{arguments}": rest,
    "{env}": Object.keys(env).length === 0 ? undefined : env,
    "{url}": url,
  };
  return Object.fromEntries(
    Object.entries(form).flatMap(([key, value]) => {
      if (typeof value !== "string" || !Object.hasOwn(values, value)) return [[key, value]];
      return values[value] === undefined ? [] : [[key, values[value]]];
    }),
  );
}
