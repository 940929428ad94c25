/** What agentd puts into the home of a profile's sessions: an identity for git, files, and what its agent is given besides. */
import * as z from "zod";
import {
  always,
  argument,
  type Context,
  namesAreUnique,
  path,
  rule,
  text,
  variableName,
} from "../rules/field-rules.ts";
import { addressFault, personFault } from "../rules/git-identity.ts";
import { gitSourceFault, gitSourceOf } from "../rules/home-sources.ts";
import { type FromFile, key, plain } from "./key.ts";

/** How many files a profile may put into a home. */
const MOST_FILES = 32;
/** The most bytes that a file for a home may have. */
export const HOME_FILE_BYTES = 1_048_576;

/** The form of one MCP server as it is written. */
export type WrittenMcpServer = z.output<typeof writtenMcpServer>;

const writtenIdentity = z.strictObject({
  name: z
    .string()
    .superRefine(rule(personFault))
    .optional()
    .describe("Author and committer of the session's commits. Default: the profile's name."),
  email: z
    .string()
    .superRefine(rule(addressFault))
    .optional()
    .describe("Their email address. Default: <profile>@<host name>.agentd.invalid."),
});

const keptIdentity = z
  .strictObject({ name: z.string().optional(), email: z.string().optional() })
  .readonly()
  .optional();

const writtenFile = z
  .strictObject({
    target: z.string().describe("Path in the session's home, such as ~/.config/tool.toml."),
    content: z
      .string()
      .refine((content) => Buffer.byteLength(content) <= HOME_FILE_BYTES, "must not be larger than 1 MiB")
      .meta({ concealed: true })
      .optional()
      .describe("Text of the file; not for secrets."),
    source: path()
      .superRefine(rule(gitSourceFault))
      .optional()
      .describe(
        "File or directory to copy instead, read when a session starts: on the host, or of a git repository as URL#REF:PATH.",
      ),
  })
  .superRefine(contentOrSource);

const keptFile = z
  .strictObject({ target: z.string(), content: z.string().optional(), source: z.string().optional() })
  .readonly();

const writtenMcpServer = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, "must be 1 to 64 letters, digits, _ and -")
      .describe("Name of the server, which is part of the names of its tools."),
    command: z
      .array(argument())
      .min(1, "must have at least one element, the program to run")
      .optional()
      .describe("Program and arguments that the agent starts in the session, and talks to through pipes."),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s\p{Cc}]+$/u, "must be an address such as https://mcp.example.org/mcp")
      .optional()
      .describe("Address of a server elsewhere, which the session's network has to reach."),
    env: z
      .record(variableName(), text().meta({ concealed: true }))
      .default({})
      .describe("Environment variables of the program; not for secrets.")
      .meta({ type_in_words: "table of strings" }),
  })
  .superRefine(commandOrUrl);

const keptMcpServer = z
  .strictObject({
    name: z.string(),
    command: z.array(z.string()).readonly().optional(),
    url: z.string().optional(),
    env: z.record(z.string(), z.string()).readonly(),
  })
  .readonly();

export const HOME = {
  git: plain(
    "git",
    keptIdentity,
    writtenIdentity
      .optional()
      .describe("Identity for commits where the session has none.")
      .meta({ type_in_words: "table" }),
  ),
  files: key(
    "files",
    z
      .array(writtenFile)
      .max(MOST_FILES, `must not be more than ${MOST_FILES} files`)
      .default([])
      .describe("Files to write into the session's home."),
    z.array(keptFile).readonly().default([]),
    (written, fromFile) =>
      written.map(({ target, content, source }) =>
        source === undefined ? { target, content } : { target, source: placeOf(source, fromFile) },
      ),
  ),
  skills: key(
    "skills",
    z
      .array(path().superRefine(rule(gitSourceFault)))
      .default([])
      .describe(
        "Directories, each with a SKILL.md, to put where the agent reads skills: on the host, or of git repositories as URL#REF:PATH.",
      ),
    z.array(z.string()).readonly().default([]),
    (written, fromFile) => written.map((source) => placeOf(source, fromFile)),
  ),
  mcp_servers: plain(
    "mcpServers",
    z.array(keptMcpServer).readonly().default([]),
    z
      .array(writtenMcpServer)
      .default([])
      .superRefine(namesAreUnique("another MCP server of this profile already has this name"), always)
      .describe("MCP servers whose tools the agent offers its model."),
  ),
};

function placeOf(source: string, fromFile: FromFile): string {
  return gitSourceOf(source) === undefined ? fromFile(source) : source;
}

function commandOrUrl(
  { command, url }: { readonly command?: unknown; readonly url?: unknown },
  context: Context,
): void {
  if ((command === undefined) !== (url === undefined)) return;
  const message = command === undefined ? "must have command or url" : "must not have command and url";
  context.addIssue({ code: "custom", message });
}

function contentOrSource(
  { content, source }: { readonly content?: string | undefined; readonly source?: string | undefined },
  context: Context,
): void {
  if ((content === undefined) !== (source === undefined)) return;
  const message = content === undefined ? "must have content or source" : "must not have content and source";
  context.addIssue({ code: "custom", message });
}
