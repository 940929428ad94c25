/** `[placement]`: the engine that starts sessions on other machines, and what a profile that uses it cannot have. */
import { hostname } from "node:os";
import * as z from "zod";
import { type Context, isTable, sessionCount } from "../profile/rules/field-rules.ts";
import { type ListenAddress, listenAddress } from "./web-schema.ts";

const LISTEN_RULE = 'must be an address and a port other than 0, such as "0.0.0.0:7799" or "[::]:7799"';
const ADDRESS_RULE = 'must be a name or an address with a port, such as "head.example.org:7799"';
const ADDRESS = /^(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:.]+\]):[1-9]\d{0,4}$/;
const PARTITION = /^[A-Za-z0-9_.,-]+$/;
const NODE_PATH = /^(?:\/[A-Za-z0-9_./-]*)(?::\/[A-Za-z0-9_./-]*)*$/;
const NODE_DIRECTORY = /^\/[A-Za-z0-9_./-]+$/;
const MOST_ARGUMENTS = 100;
const DEFAULT_SESSIONS = 100;

export interface PlacementSettings {
  readonly engine: "slurm";
  readonly partition: string | undefined;
  readonly extraArgs: readonly string[];
  readonly listen: ListenAddress;
  /** Where nodes reach the channel. */
  readonly address: string;
  readonly maxSessions: number;
  /** PATH of jobs; undefined: see `jobScript`. */
  readonly nodePath: string | undefined;
  /** Where sessions have their state on nodes; undefined: below /var/tmp. */
  readonly nodeDirectory: string | undefined;
}

export function placementSchema() {
  return z.strictObject({
    engine: z.enum(["slurm"]).describe("The engine that starts sessions on other machines."),
    listen: z
      .string()
      .refine((value) => (listenAddress(value)?.port ?? 0) > 0, LISTEN_RULE)
      .meta({ type_in_words: "address" })
      .describe("Address and port on which this host listens for its sessions on nodes."),
    address: z
      .string()
      .regex(ADDRESS, ADDRESS_RULE)
      .optional()
      .describe(
        "Name and port by which nodes reach it. Default: the name of this host, and the port of listen.",
      ),
    partition: z
      .string()
      .regex(PARTITION, "must be the name of a partition")
      .optional()
      .describe("Partition of jobs. Default: the engine's."),
    extra_args: z
      .array(z.string().startsWith("--", 'must be an option of sbatch, such as "--account=agents"'))
      .max(MOST_ARGUMENTS, `must have at most ${MOST_ARGUMENTS} options`)
      .default([])
      .describe("Further options of sbatch; what agentd needs itself overrides them."),
    max_sessions: sessionCount()
      .default(DEFAULT_SESSIONS)
      .describe("Maximum number of sessions on nodes at once, waiting jobs included; others are queued."),
    node_path: z
      .string()
      .regex(NODE_PATH, "must be absolute directories with colons between them")
      .optional()
      .describe("PATH on nodes, where agentd is. Default: ~/.local/bin and the system's directories."),
    node_directory: z
      .string()
      .regex(NODE_DIRECTORY, "must be an absolute path of letters, digits, dots, hyphens and underscores")
      .optional()
      .describe(
        "Directory on nodes for sessions, on a disk of the node's own. Default: /var/tmp/agentd-UID.",
      ),
  });
}

type Written = z.output<ReturnType<typeof placementSchema>>;

export function toPlacement(written: Written): PlacementSettings {
  const listen = listenAddress(written.listen) ?? { host: "", port: 0 };
  return {
    engine: written.engine,
    partition: written.partition,
    extraArgs: written.extra_args,
    listen,
    address: written.address ?? `${hostname()}:${listen.port}`,
    maxSessions: written.max_sessions,
    nodePath: written.node_path,
    nodeDirectory: written.node_directory,
  };
}

/** Keys that a profile on nodes cannot have, and why. */
const ON_THIS_HOST: Readonly<Record<string, string>> = {
  directory: "it is on this host",
  methodology_dir: "it is on this host",
  files: "its files are put in place on this host",
  skills: "they are on this host",
  seccomp_profile: "it is on this host",
  volumes: "a volume is on one host",
  llm: "budgets and keys are on this host; give the agent a key as a credential",
  publish: "the work is published from this host: use agentd publish after the session",
};

/** For the whole file: what a profile on nodes needs, and what it cannot have. */
export function placedProfilesFit(document: unknown, context: Context): void {
  if (!isTable(document) || !Array.isArray(document["profiles"])) return;
  for (const [index, profile] of document["profiles"].entries()) {
    if (!isTable(profile) || profile["placement"] !== "slurm") continue;
    const say = (key: string, message: string): void =>
      context.addIssue({ code: "custom", path: ["profiles", index, key], message });
    if (!isTable(document["placement"])) say("placement", 'needs a [placement] with engine = "slurm"');
    for (const [key, why] of Object.entries(ON_THIS_HOST))
      if (isWritten(profile[key])) say(key, `cannot be used if placement is "slurm": ${why}`);
    if (profile["keep"] !== undefined && profile["keep"] !== "never")
      say("keep", 'must be "never" if placement is "slurm": nobody could look into what stays on a node');
  }
}

function isWritten(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}
