/** What one `[[profiles]]` of the configuration may say. */
import * as z from "zod";
import { refFault, repositoryFault } from "../workspace/repository-url.ts";
import { cronFault } from "./cron-expression.ts";
import {
  always,
  argument,
  daemonVariable,
  duration,
  grace,
  isTable,
  path,
  rule,
  sessionCount,
  size,
  text,
  textsOf,
  type Context,
  variableName,
} from "./field-rules.ts";
import { targetFaults } from "./mount-targets.ts";
import { sizeBytes } from "./sizes.ts";
import { timeZoneFault } from "./time-zone.ts";

const RESERVED_NAMES = ["root", "nobody", "daemon", "bin", "sys", "man", "mail"];

/** With less, the runtime's own first process is out of memory before the command is reached. */
const MIN_MEMORY = "6m";
const CPUS_RULE = "must be a number of cores from 0.01 to 8192, such as 2 or 0.5";
const PIDS_RULE = "must be a whole number from 1 to 4194304";

const mountSchema = z.strictObject({
  source: path().describe("File or directory of the host."),
  target: z.string().describe("Where it is in the container: an absolute path."),
  read_only: z.boolean().default(false).describe("Whether the session can only read it."),
  relabel: z
    .enum(["none", "shared", "private"])
    .default("none")
    .describe(
      "Whether SELinux labels on the host are changed, so that all containers or only the session's may use it.",
    ),
});

const credentialSchema = z.strictObject({
  name: variableName().describe("Environment variable that the session's command sees."),
  source: daemonVariable().describe(
    "Variable of credentials.env that holds the value; taken when a session starts.",
  ),
});

export const profileSchema = z
  .strictObject({
    name: z
      .string()
      .superRefine(rule(profileNameFault))
      .describe("Name of the profile and of the user inside the container."),
    base_image: z
      .string()
      .regex(/^[A-Za-z0-9][^\s\p{C}]*$/u, "must be the name of an image, such as docker.io/library/debian:13")
      .describe("Image to run; it needs /bin/sh and what the command uses."),
    pull: z
      .enum(["missing", "always", "never"])
      .default("missing")
      .describe("When the image is pulled: where it is missing, before every session, or never."),
    command: z
      .array(argument())
      .min(1, "must have at least one element, the program to run")
      .superRefine(programRules)
      .describe("Program and arguments, run in the clone. No shell is put between."),
    repo: z
      .string()
      .superRefine(rule(repositoryFault))
      .optional()
      .describe("Repository to clone when `agentd run` names none."),
    ref: z
      .string()
      .superRefine(rule(refFault))
      .optional()
      .describe("Branch, tag or commit to check out. Default: the server's default branch."),
    repo_token_source: daemonVariable()
      .optional()
      .describe("Variable of credentials.env that holds a token for cloning; the session never sees it."),
    methodology_dir: path()
      .optional()
      .describe("Directory with a manifest.toml, read-only at /agentd/methodology in the container."),
    schedule: z
      .string()
      .superRefine(rule(cronFault))
      .optional()
      .describe("When to run by itself: five-field cron."),
    timezone: z
      .string()
      .optional()
      .describe("Time zone that the schedule is meant in. Default: the daemon's."),
    missed: z
      .enum(["skip", "once"])
      .default("skip")
      .describe(
        "Runs of the schedule that were missed, because the daemon or the machine did not run: not made up for, or the last of them once.",
      ),
    catchup_window: duration()
      .default("24h")
      .describe('How old a missed run may be to be made up for, with missed = "once".'),
    overlap: z
      .enum(["allow", "skip", "queue"])
      .default("allow")
      .describe(
        "When the schedule's session before has not ended: run beside it, skip the run, or let one run wait for its end.",
      ),
    jitter: grace()
      .default("0s")
      .describe("Runs of the schedule begin by up to so much later, each by its own time."),
    max_sessions: sessionCount()
      .optional()
      .describe(
        "How many sessions of the profile run at once; more are queued. Default: as many as daemon.max_sessions allows.",
      ),
    timeout: duration().optional().describe("How long the command may run. Default: no limit."),
    grace: grace()
      .default("10s")
      .describe("How long the command has between SIGTERM and SIGKILL when it is stopped."),
    network: z
      .enum(["private", "none", "host"])
      .default("private")
      .describe("Network of the container: its own with access to the outside, none at all, or the host's."),
    memory: size()
      .refine(isEnoughMemory, `must be at least ${MIN_MEMORY}`)
      .optional()
      .describe("Memory the session may use, without swap. Default: no limit."),
    cpus: z
      .number(CPUS_RULE)
      .min(0.01, CPUS_RULE)
      .max(8192, CPUS_RULE)
      .optional()
      .describe("Cores the session may use; fractions are fine. Default: no limit."),
    pids: z
      .int(PIDS_RULE)
      .min(1, PIDS_RULE)
      .max(4_194_304, PIDS_RULE)
      .default(2048)
      .describe("Processes and threads the session may have at once."),
    env: z
      .unknown()
      .refine((env) => !isTable(env) || !Object.hasOwn(env, "__proto__"), "the name __proto__ is refused")
      .pipe(z.record(variableName(), text().meta({ concealed: true })))
      .default({})
      .meta({
        description: "Environment variables that are not secret; they show in `podman inspect`.",
        type_in_words: "table of strings",
      }),
    credentials: z
      .array(credentialSchema)
      .default([])
      .superRefine(namesAreUnique("another credential of this profile has this name"), always)
      .describe("Secrets the command gets as environment variables."),
    mounts: z.array(mountSchema).default([]).describe("Files and directories of the host in the container."),
  })
  .superRefine(noNameIsBoth, always)
  .superRefine(mountTargetRules, always)
  .superRefine(repositoryRules, always);

/** No two entries of an array of tables have the same `name`. */
export function namesAreUnique(message: string) {
  return (entries: unknown, context: Context): void => {
    const seen = new Set<string>();
    for (const [index, name] of textsOf(entries, "name").entries()) {
      if (name !== undefined && seen.has(name))
        context.addIssue({ code: "custom", path: [index, "name"], message });
      if (name !== undefined) seen.add(name);
    }
  };
}

/** Looked at for all profiles at once: Intl takes its time for a zone, and many profiles name the same few. */
export function zonesAreKnown(profiles: unknown, context: Context): void {
  const faults = new Map<string, string | undefined>();
  for (const [index, zone] of textsOf(profiles, "timezone").entries()) {
    if (zone === undefined) continue;
    if (!faults.has(zone)) faults.set(zone, timeZoneFault(zone));
    const message = faults.get(zone);
    if (message !== undefined) context.addIssue({ code: "custom", path: [index, "timezone"], message });
  }
}

function profileNameFault(name: string): string | undefined {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) {
    return "must be a valid Unix user name: 1 to 32 of a-z, 0-9, _ and -, beginning with a letter or underscore";
  }
  return RESERVED_NAMES.includes(name) ? `must not be one of ${RESERVED_NAMES.join(", ")}` : undefined;
}

function programRules(command: readonly string[], context: Context): void {
  const [program] = command;
  if (program === undefined || (program !== "" && !program.startsWith("-"))) return;
  context.addIssue({ code: "custom", path: [0], message: "must be a program: not empty and not an option" });
}

function isEnoughMemory(memory: string): boolean {
  const bytes = sizeBytes(memory);
  return bytes === undefined || bytes >= (sizeBytes(MIN_MEMORY) ?? 0);
}

function noNameIsBoth(profile: unknown, context: Context): void {
  if (!isTable(profile) || !isTable(profile["env"])) return;
  for (const [index, name] of textsOf(profile["credentials"], "name").entries()) {
    if (name === undefined || !Object.hasOwn(profile["env"], name)) continue;
    const message = "this name is also in env: it must be one or the other";
    context.addIssue({ code: "custom", path: ["credentials", index, "name"], message });
  }
}

function mountTargetRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const name = typeof profile["name"] === "string" ? profile["name"] : undefined;
  for (const { index, message } of targetFaults(textsOf(profile["mounts"], "target"), name)) {
    context.addIssue({ code: "custom", path: ["mounts", index, "target"], message });
  }
}

function repositoryRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const { repo, schedule, repo_token_source: token } = profile;
  if (schedule !== undefined && repo === undefined) {
    const message = "a profile with a schedule must also say its repo";
    context.addIssue({ code: "custom", path: ["schedule"], message });
  }
  if (token !== undefined && typeof repo === "string" && !/^https:\/\//i.test(repo)) {
    const message = "a token is sent over https:// only, and the repo of this profile is not";
    context.addIssue({ code: "custom", path: ["repo_token_source"], message });
  }
}
