/** Where the work of a profile's sessions goes. */
import * as z from "zod";
import { OUTCOMES } from "../../outcome.ts";
import { FORGES } from "../../publish/forges/forge.ts";
import { branchPatternFault } from "../../publish/rules/branch-name.ts";
import { MOST_PROTECTED, protectFault } from "../../publish/rules/protected-paths.ts";
import { titlePatternFault } from "../../publish/rules/request-text.ts";
import { refFault, repositoryFault } from "../../workspace/repository-url.ts";
import { daemonVariable, rule } from "../rules/field-rules.ts";
import { key } from "./key.ts";

const MOST_LABELS = 20;
const LABEL_CHARACTERS = 50;

const writtenRequest = z.strictObject({
  forge: z.enum(FORGES).describe("Kind of server."),
  api_url: z
    .string()
    .superRefine(rule(apiUrlFault))
    .optional()
    .describe("Where its API is. Default: where such a server has it, on the host of the repository."),
  base: z
    .string()
    .superRefine(rule(refFault))
    .optional()
    .describe("Branch to merge into. Default: the one that was cloned, else the server's default branch."),
  draft: z.boolean().default(true).describe("Whether the request is a draft."),
  title: z
    .string()
    .superRefine(rule(titlePatternFault))
    .default("{subject}")
    .describe("Its title, with {subject} of the last commit, {work_unit}, {profile} and {session}."),
  labels: z
    .array(z.string().superRefine(rule(labelFault)))
    .max(MOST_LABELS, `must not be more than ${MOST_LABELS} labels`)
    .default([])
    .describe("Labels of the request."),
});

const writtenPublish = z.strictObject({
  branch: z
    .string()
    .superRefine(rule(branchPatternFault))
    .default("agentd/{profile}/{work_unit}")
    .describe(
      "Branch to push to, with {profile}, {work_unit} (else the session's id), {session} and {date}.",
    ),
  on: z
    .array(z.enum(OUTCOMES))
    .min(1, "must have at least one outcome")
    .default(["success"])
    .describe("Outcomes whose work is published."),
  token_source: daemonVariable()
    .optional()
    .describe("Variable in credentials.env with a token that may push. Default: repo_token_source."),
  remote: z
    .string()
    .superRefine(rule(repositoryFault))
    .optional()
    .describe("Repository to push to. Default: the one that was cloned."),
  commit_rest: z
    .boolean()
    .default(true)
    .describe("Whether uncommitted changes become one last commit; if not, they stay in the record."),
  allow_ci: z
    .boolean()
    .default(false)
    .describe(
      "Whether to publish changes to .github, .gitea, .forgejo, .gitlab-ci.yml and what protect names.",
    ),
  protect: z
    .array(z.string().superRefine(rule(protectFault)))
    .max(MOST_PROTECTED, `must have at most ${MOST_PROTECTED} globs`)
    .default([])
    .describe("Globs of more files whose changes are not published."),
  request: writtenRequest
    .optional()
    .describe("The pull or merge request to open for the branch. Default: none.")
    .meta({ type_in_words: "table" }),
});

const keptRequest = z
  .strictObject({
    forge: z.enum(FORGES),
    apiUrl: z.string().optional(),
    base: z.string().optional(),
    draft: z.boolean(),
    title: z.string(),
    labels: z.array(z.string()).readonly(),
  })
  .readonly();

const keptPublish = z
  .strictObject({
    branch: z.string(),
    on: z.array(z.enum(OUTCOMES)).readonly(),
    tokenSource: z.string().optional(),
    remote: z.string().optional(),
    commitRest: z.boolean(),
    allowCi: z.boolean(),
    protect: z.array(z.string()).readonly(),
    request: keptRequest.optional(),
  })
  .readonly();

export const PUBLISHING = {
  publish: key(
    "publish",
    writtenPublish
      .optional()
      .describe("How the work of a session gets to a branch on a server. Default: it stays in the record.")
      .meta({ type_in_words: "table" }),
    keptPublish.optional(),
    (written) => {
      if (written === undefined) return undefined;
      const { branch, on, remote, protect, request } = written;
      return {
        ...{ branch, on, protect, commitRest: written.commit_rest, allowCi: written.allow_ci },
        ...(written.token_source === undefined ? {} : { tokenSource: written.token_source }),
        ...(remote === undefined ? {} : { remote }),
        ...(request === undefined ? {} : { request: keptRequestOf(request) }),
      };
    },
  ),
};

function keptRequestOf(written: z.output<typeof writtenRequest>): z.output<typeof keptRequest> {
  const { forge, api_url: apiUrl, base, draft, title, labels } = written;
  return {
    ...{ forge, draft, title, labels },
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(base === undefined ? {} : { base }),
  };
}

function apiUrlFault(url: string): string | undefined {
  if (!/^https:\/\//i.test(url) || !URL.canParse(url))
    return "must be an https:// URL: a token is sent there";
  const { username, password, search, hash } = new URL(url);
  const isBare = [username, password, search, hash].every((part) => part === "");
  return isBare ? undefined : "must have no user, query or fragment";
}

function labelFault(label: string): string | undefined {
  if (label.trim() === "") return "must not be empty";
  if (/[\p{C},]/u.test(label)) return "must not contain commas or control characters";
  return label.length <= LABEL_CHARACTERS ? undefined : `must have at most ${LABEL_CHARACTERS} characters`;
}
