/** The configuration as the rest of agentd sees it: immutable, camelCase, units in names, paths absolute. */
import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { CredentialSource } from "../credentials/resolve.ts";
import { durationMs } from "./durations.ts";
import type { ConfigDocument, ProfileDocument } from "./schema.ts";

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
  readonly socketPath: string | undefined;
  readonly maxSessions: number;
  /** Socket of an existing Podman service; undefined: the daemon starts its own. */
  readonly podmanSocket: string | undefined;
}

export type Network = ProfileDocument["network"];

/** What one `[[profiles]]` says. */
export interface Profile {
  readonly name: string;
  readonly baseImage: string;
  /** Program and arguments; never empty. */
  readonly command: readonly string[];
  /** Default repository; undefined: the run must name one. */
  readonly repo: string | undefined;
  /** Branch, tag or commit; undefined: the server's default branch. */
  readonly ref: string | undefined;
  /** Undefined: no limit. */
  readonly timeoutMs: number | undefined;
  readonly network: Network;
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: readonly CredentialSource[];
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
  const fromFile = (path: string | undefined) =>
    path === undefined ? undefined : resolve(dirname(file), path);
  const { daemon, profiles } = document;
  return deepFreeze({
    file,
    daemon: {
      auditRoot: fromFile(daemon.audit_root),
      socketPath: fromFile(daemon.socket_path),
      maxSessions: daemon.max_sessions,
      podmanSocket: fromFile(daemon.podman_socket),
    },
    profiles: profiles.map(toProfile),
  });
}

function toProfile(document: ProfileDocument): Profile {
  const { base_image: baseImage, timeout, ...same } = document;
  return {
    ...same,
    baseImage,
    repo: same.repo,
    ref: same.ref,
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
  };
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
