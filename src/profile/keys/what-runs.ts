/** What a profile runs: image, command, repository. */
import * as z from "zod";
import { isRunWord } from "../../input/command-words.ts";
import { refFault, repositoryFault } from "../../workspace/repository-url.ts";
import { argument, type Context, daemonVariable, path, rule } from "../rules/field-rules.ts";
import { profileRequestFault } from "../rules/run-texts.ts";
import { key, plain, shown } from "./key.ts";

/** Names of agents: they are names of files and parts of image names. */
export const AGENT_NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const AGENT_NAME_RULE = "must be the name of an agent, such as codex: a-z, 0-9 and -";

const RESERVED_NAMES = ["root", "nobody", "daemon", "bin", "sys", "man", "mail"];

const PULLS = z.enum(["missing", "always", "never"]);

const optionalText = z.string().optional();

export const WHAT_RUNS = {
  name: shown(
    "name",
    plain(
      "name",
      z.string(),
      z
        .string()
        .superRefine(rule(profileNameFault))
        .describe("Name of the profile and of the user inside the container."),
    ),
  ),
  agent: shown(
    "agent",
    plain(
      "agent",
      optionalText,
      z
        .string()
        .regex(AGENT_NAME, AGENT_NAME_RULE)
        .optional()
        .describe("Agent that the profile runs: its definition gives every key that the profile leaves out."),
    ),
  ),
  base_image: shown(
    "image",
    plain(
      "baseImage",
      z.string(),
      z
        .string()
        .regex(
          /^[A-Za-z0-9][^\s\p{C}]*$/u,
          "must be the name of an image, such as docker.io/library/debian:13",
        )
        .describe("Image to run; it must contain /bin/sh and everything that the command uses."),
    ),
  ),
  pull: shown(
    "pull",
    plain(
      "pull",
      PULLS,
      PULLS.default("missing").describe(
        "When to pull the image: if it is missing, before every session, or never.",
      ),
    ),
  ),
  command: shown(
    "command",
    plain(
      "command",
      z.array(z.string()).readonly(),
      z
        .array(argument())
        .min(1, "must have at least one element, the program to run")
        .superRefine(programRules)
        .describe("Program and arguments, run in the clone without a shell."),
    ),
  ),
  request: plain(
    "request",
    optionalText,
    z
      .string()
      .superRefine(rule(profileRequestFault))
      .optional()
      .describe(
        "What the session is asked to do, if `agentd run` gives no request; also for scheduled runs.",
      ),
  ),
  repo: shown(
    "repo",
    plain(
      "repo",
      optionalText,
      z
        .string()
        .superRefine(rule(repositoryFault))
        .optional()
        .describe("Repository to clone if `agentd run` names none."),
    ),
  ),
  ref: shown(
    "ref",
    plain(
      "ref",
      optionalText,
      z
        .string()
        .superRefine(rule(refFault))
        .optional()
        .describe("Branch, tag or commit to check out. Default: the server's default branch."),
    ),
  ),
  repo_token_source: plain(
    "repoTokenSource",
    optionalText,
    daemonVariable()
      .optional()
      .describe("Variable in credentials.env with a token for cloning; the session never sees it."),
  ),
  methodology_dir: key(
    "methodologyDir",
    path()
      .optional()
      .describe("Directory with a manifest.toml, mounted read-only at /agentd/methodology in the container."),
    optionalText,
    (written, fromFile) => (written === undefined ? undefined : fromFile(written)),
  ),
};

function profileNameFault(name: string): string | undefined {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) {
    return "must be a valid Unix user name: 1 to 32 of a-z, 0-9, _ and -, starting with a letter or underscore";
  }
  return RESERVED_NAMES.includes(name) ? `must not be one of ${RESERVED_NAMES.join(", ")}` : undefined;
}

function programRules(command: readonly string[], context: Context): void {
  const [program] = command;
  if (program !== undefined && isRunWord(program)) {
    context.addIssue({ code: "custom", path: [0], message: "must be a program, not a value of the run" });
  }
  if (program === undefined || (program !== "" && !program.startsWith("-"))) return;
  context.addIssue({ code: "custom", path: [0], message: "must be a program: not empty and not an option" });
}
