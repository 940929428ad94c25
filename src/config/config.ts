/** The configuration as the rest of agentd sees it: immutable, camelCase, units in names, paths absolute. */
import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { CredentialSource } from "../credentials/resolve.ts";
import { durationMs, graceMs } from "./durations.ts";
import type { ConfigDocument, ProfileDocument } from "./schema.ts";
import { sizeBytes } from "./sizes.ts";

/** A configuration that broke no rule. Frozen through and through. */
export interface Config {
  /** Absolute path of the file it was read from. */
  readonly file: string;
  readonly daemon: DaemonSettings;
  /** At least one, in the order of the file; names are unique. */
  readonly profiles: readonly Profile[];
}

/** Paths are absolute; undefined means the default below the XDG directories. */
export interface DaemonSettings {
  readonly auditRoot: string | undefined;
  /** Whether sealed records are readable by their owner alone. */
  readonly auditPrivate: boolean;
  /** How much of what a session leaves its record gets, with the paths. */
  readonly recordLimitBytes: number;
  /** How much a session may print before it is ended. */
  readonly logLimitBytes: number;
  readonly socketPath: string | undefined;
  readonly maxSessions: number;
  /** What the memory limits of running sessions may add up to; undefined: anything. */
  readonly memoryBudgetBytes: number | undefined;
  readonly shutdown: Shutdown;
  /** Socket of an existing Podman service; undefined: the daemon starts its own. */
  readonly podmanSocket: string | undefined;
}

/** What becomes of running sessions when the daemon is told to end. */
export type Shutdown = ConfigDocument["daemon"]["shutdown"];
export type Network = ProfileDocument["network"];
/** When an image is pulled. */
export type Pull = ProfileDocument["pull"];
/** What becomes of scheduled runs that were missed. */
export type Missed = ProfileDocument["missed"];
/** What becomes of a scheduled run when the one before it has not ended. */
export type Overlap = ProfileDocument["overlap"];
/** Whether SELinux labels of a mount's source are changed, for all containers or for one. */
export type Relabel = ProfileDocument["mounts"][number]["relabel"];

/** A file or directory of the host in the container. */
export interface Mount {
  /** Absolute; whether it exists is looked at when a session starts. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly relabel: Relabel;
}

/** What one `[[profiles]]` says. */
export interface Profile {
  readonly name: string;
  readonly baseImage: string;
  readonly pull: Pull;
  /** Program and arguments; never empty. */
  readonly command: readonly string[];
  /** Default repository; undefined: the run must name one. */
  readonly repo: string | undefined;
  /** Branch, tag or commit; undefined: the server's default branch. */
  readonly ref: string | undefined;
  /** The daemon's variable that holds a token for cloning over https; undefined: clone without one. */
  readonly repoTokenSource: string | undefined;
  /** Absolute; undefined: none. Looked at when a session starts. */
  readonly methodologyDir: string | undefined;
  /** A valid cron expression; undefined: runs only when asked to. */
  readonly schedule: string | undefined;
  /** Time zone of the schedule; undefined: the daemon's. */
  readonly timezone: string | undefined;
  readonly missed: Missed;
  /** How old a missed run may be to be made up for. */
  readonly catchupWindowMs: number;
  readonly overlap: Overlap;
  /** Each scheduled run begins by up to so much later. */
  readonly jitterMs: number;
  /** Sessions at once; undefined: no limit of the profile's own. */
  readonly maxSessions: number | undefined;
  /** Undefined: no limit. */
  readonly timeoutMs: number | undefined;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly network: Network;
  /** Undefined: no limit. */
  readonly memoryBytes: number | undefined;
  /** Cores, may be a fraction; undefined: no limit. */
  readonly cpus: number | undefined;
  /** Processes and threads at once. */
  readonly pids: number;
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: readonly CredentialSource[];
  readonly mounts: readonly Mount[];
}

/** The profile of that name; undefined when there is none. */
export function findProfile(config: Config, name: string): Profile | undefined {
  return config.profiles.find((profile) => profile.name === name);
}

/** Identifies the settings that a session is accepted with: SHA-256 (hex) of daemon and profile settings. */
export function configDigest(config: Config, profile: Profile): string {
  return createHash("sha256")
    .update(stableJson({ daemon: config.daemon, profile }))
    .digest("hex");
}

/** A validated document as a configuration; relative paths are meant from the directory of the file. */
export function toConfig(file: string, document: ConfigDocument): Config {
  const fromFile = (path: string): string => resolve(dirname(file), path);
  const { daemon, profiles } = document;
  return deepFreeze({
    file,
    daemon: {
      auditRoot: optional(daemon.audit_root, fromFile),
      auditPrivate: daemon.audit_private,
      recordLimitBytes: written(daemon.record_limit, sizeBytes),
      logLimitBytes: written(daemon.log_limit, sizeBytes),
      socketPath: optional(daemon.socket_path, fromFile),
      maxSessions: daemon.max_sessions,
      memoryBudgetBytes: optional(daemon.memory_budget, (text) => written(text, sizeBytes)),
      shutdown: daemon.shutdown,
      podmanSocket: optional(daemon.podman_socket, fromFile),
    },
    profiles: profiles.map((profile) => toProfile(profile, fromFile)),
  });
}

function toProfile(document: ProfileDocument, fromFile: (path: string) => string): Profile {
  return {
    name: document.name,
    baseImage: document.base_image,
    pull: document.pull,
    command: document.command,
    repo: document.repo,
    ref: document.ref,
    repoTokenSource: document.repo_token_source,
    methodologyDir: optional(document.methodology_dir, fromFile),
    schedule: document.schedule,
    timezone: document.timezone,
    missed: document.missed,
    catchupWindowMs: written(document.catchup_window, durationMs),
    overlap: document.overlap,
    jitterMs: written(document.jitter, graceMs),
    maxSessions: document.max_sessions,
    timeoutMs: optional(document.timeout, (text) => written(text, durationMs)),
    graceMs: written(document.grace, graceMs),
    network: document.network,
    memoryBytes: optional(document.memory, (text) => written(text, sizeBytes)),
    cpus: document.cpus,
    pids: document.pids,
    env: document.env,
    credentials: document.credentials,
    mounts: document.mounts.map(({ source, target, read_only: readOnly, relabel }) => {
      return { source: fromFile(source), target, readOnly, relabel };
    }),
  };
}

function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

/** The number behind a text that the schema has accepted. */
function written(text: string, read: (text: string) => number | undefined): number {
  const value = read(text);
  if (value === undefined) throw new TypeError(`${JSON.stringify(text)} has passed the schema`);
  return value;
}

function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
