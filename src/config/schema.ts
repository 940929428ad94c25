/**
 * The one description of the configuration file: keys, types, rules, defaults and what they mean.
 *
 * A rule's message has no full stop. Values that could be a secret are marked `concealed`: no message shows them.
 */
import * as z from "zod";
import { VARIABLE_NAME } from "../credentials/shell-names.ts";
import { refFault, repositoryFault } from "../workspace/repository-url.ts";
import { DURATION_RULE, durationMs } from "./durations.ts";
import { variableNameFault } from "./variable-names.ts";

/** What the host contributes to defaults. */
export interface SchemaDefaults {
  /** Number of processor cores, the default of `daemon.max_sessions`. */
  readonly cores: number;
}

const MAX_ARGUMENT_BYTES = 128 * 1024;
const MAX_SESSIONS_RULE = "must be a whole number from 1 to 10000";
const RESERVED_PROFILE_NAMES = ["root", "nobody", "daemon", "bin", "sys", "man", "mail"];

/** Cross rules run even where a field is wrong, so that all problems are reported at once. */
const always = { when: () => true };

/** The schema of the whole file, snake_case as in TOML. */
export function configSchema(defaults: SchemaDefaults) {
  return z.strictObject({
    daemon: daemonSchema(defaults).prefault({}),
    profiles: z
      .array(profileSchema)
      .min(1, "declare at least one [[profiles]]")
      .superRefine(namesAreUnique("another profile has this name"), always)
      .describe("What can be run: one [[profiles]] for each environment."),
  });
}

export type ConfigDocument = z.infer<ReturnType<typeof configSchema>>;
export type ProfileDocument = z.infer<typeof profileSchema>;

function daemonSchema(defaults: SchemaDefaults) {
  return z.strictObject({
    audit_root: path()
      .optional()
      .describe("Where the records of sessions are kept. Default: $XDG_STATE_HOME/tesserine/audit."),
    socket_path: path()
      .optional()
      .describe("The daemon's socket. Default: $XDG_RUNTIME_DIR/agentd/agentd.sock."),
    max_sessions: z
      .int(MAX_SESSIONS_RULE)
      .min(1, MAX_SESSIONS_RULE)
      .max(10_000, MAX_SESSIONS_RULE)
      .default(defaults.cores)
      .describe("How many sessions run at once; more are queued. Default: the number of cores."),
    podman_socket: path()
      .optional()
      .describe("Socket of a Podman service to use. Default: the daemon starts a service of its own."),
  });
}

const credentialSchema = z.strictObject({
  name: variableName().describe("Environment variable that the session's command sees."),
  source: z
    .string()
    .regex(VARIABLE_NAME, "must be the name of an environment variable of the daemon, not a value")
    .meta({
      description: "Environment variable of the daemon that holds the value; read when a session starts.",
      concealed: true,
    }),
});

const profileSchema = z
  .strictObject({
    name: z
      .string()
      .superRefine(profileNameRules)
      .describe("Name of the profile and of the user inside the container."),
    base_image: z
      .string()
      .regex(/^[A-Za-z0-9][^\s\p{C}]*$/u, "must be the name of an image, such as docker.io/library/debian:13")
      .describe("Image to run; it needs /bin/sh and what the command uses."),
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
    timeout: z
      .string()
      .refine((text) => durationMs(text) !== undefined, DURATION_RULE)
      .optional()
      .describe('How long the command may run, such as "90s", "30m" or "6h". Default: no limit.'),
    network: z
      .enum(["private", "none", "host"])
      .default("private")
      .describe("Network of the container: its own with access to the outside, none at all, or the host's."),
    env: z
      .unknown()
      .refine((env) => !isTable(env) || !Object.hasOwn(env, "__proto__"), "the name __proto__ is refused")
      .pipe(z.record(variableName(), text().meta({ concealed: true })))
      .default({})
      .describe("Environment variables that are not secret; they show in `podman inspect`."),
    credentials: z
      .array(credentialSchema)
      .default([])
      .superRefine(namesAreUnique("another credential of this profile has this name"), always)
      .describe("Secrets the command gets as environment variables."),
  })
  .superRefine(noNameIsBoth, always);

type Context = z.core.$RefinementCtx;

function rule(fault: (text: string) => string | undefined) {
  return (text: string, context: Context): void => {
    const message = fault(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  };
}

function text() {
  return z.string().refine((value) => !value.includes("\0"), "must not contain a NUL character");
}

function path() {
  return text().min(1, "must not be empty");
}

function argument() {
  return text().refine(
    (value) => Buffer.byteLength(value) < MAX_ARGUMENT_BYTES,
    "must be shorter than 128 KiB, the kernel's limit for one argument",
  );
}

function variableName() {
  return z.string().superRefine(rule(variableNameFault));
}

function profileNameRules(name: string, context: Context): void {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) {
    const message =
      "must be a valid Unix user name: 1 to 32 of a-z, 0-9, _ and -, beginning with a letter or underscore";
    context.addIssue({ code: "custom", message });
  } else if (RESERVED_PROFILE_NAMES.includes(name)) {
    context.addIssue({ code: "custom", message: `must not be one of ${RESERVED_PROFILE_NAMES.join(", ")}` });
  }
}

function programRules(command: readonly string[], context: Context): void {
  const [program] = command;
  if (program === undefined || (program !== "" && !program.startsWith("-"))) return;
  context.addIssue({ code: "custom", path: [0], message: "must be a program: not empty and not an option" });
}

function namesAreUnique(message: string) {
  return (entries: unknown, context: Context): void => {
    const seen = new Set<string>();
    for (const [index, name] of namesOf(entries).entries()) {
      if (name !== undefined && seen.has(name))
        context.addIssue({ code: "custom", path: [index, "name"], message });
      if (name !== undefined) seen.add(name);
    }
  };
}

function noNameIsBoth(profile: unknown, context: Context): void {
  if (!isTable(profile) || !isTable(profile["env"])) return;
  for (const [index, name] of namesOf(profile["credentials"]).entries()) {
    if (name === undefined || !Object.hasOwn(profile["env"], name)) continue;
    const message = "this name is also in env: it must be one or the other";
    context.addIssue({ code: "custom", path: ["credentials", index, "name"], message });
  }
}

/** The `name` of each entry; undefined where an entry has none. */
function namesOf(entries: unknown): (string | undefined)[] {
  if (!Array.isArray(entries)) return [];
  return entries.map((entry: unknown) =>
    isTable(entry) && typeof entry["name"] === "string" ? entry["name"] : undefined,
  );
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
