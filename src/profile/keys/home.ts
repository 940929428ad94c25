/** What agentd puts into the home of a profile's sessions: an identity for git, and files. */
import * as z from "zod";
import { type Context, path, rule } from "../rules/field-rules.ts";
import { addressFault, personFault } from "../rules/git-identity.ts";
import { key, plain } from "./key.ts";

/** How many files a profile may put into a home. */
const MOST_FILES = 32;
/** The most bytes that a file for a home may have. */
export const HOME_FILE_BYTES = 1_048_576;

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
    source: path().optional().describe("File on the host to copy instead, read when a session starts."),
  })
  .superRefine(contentOrSource);

const keptFile = z
  .strictObject({ target: z.string(), content: z.string().optional(), source: z.string().optional() })
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
        source === undefined ? { target, content } : { target, source: fromFile(source) },
      ),
  ),
};

function contentOrSource(
  { content, source }: { readonly content?: string | undefined; readonly source?: string | undefined },
  context: Context,
): void {
  if ((content === undefined) !== (source === undefined)) return;
  const message = content === undefined ? "must have content or source" : "must not have content and source";
  context.addIssue({ code: "custom", message });
}
