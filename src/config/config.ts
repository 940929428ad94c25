/** The configuration as the rest of agentd sees it: immutable, camelCase, units in names, paths absolute. */
import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { NotifyTarget } from "../notify/target.ts";
import { parsed } from "../profile/keys/key.ts";
import { type Profile, type Provider, toProfile } from "../profile/profile.ts";
import { ageMs, durationMs } from "../profile/rules/durations.ts";
import { type Price, toPrice } from "../profile/rules/llm-prices.ts";
import { toProvider } from "../profile/rules/llm-providers.ts";
import { type Retention, toRetention } from "../profile/rules/retention.ts";
import { sizeBytes, sizeOrZeroBytes } from "../profile/rules/sizes.ts";
import type { SinkSettings } from "../sinks/sink.ts";
import { toTarget } from "./notify-schema.ts";
import { type PlacementSettings, toPlacement } from "./placement-schema.ts";
import type { ConfigDocument } from "./schema.ts";
import { toSink } from "./sinks-schema.ts";
import { type ListenAddress, listenAddress } from "./web-schema.ts";

/** A valid configuration. Frozen in depth. */
export interface Config {
  /** Absolute path of the file it was read from. */
  readonly file: string;
  readonly daemon: DaemonSettings;
  /** At least one, in the order of the file; names are unique. */
  readonly profiles: readonly Profile[];
  readonly llm: LlmSettings;
  readonly web: WebSettings;
  /** Whom agentd tells of what; names are unique. */
  readonly notify: readonly NotifyTarget[];
  /** Where every event goes. */
  readonly sinks: readonly SinkSettings[];
  /** Undefined: all sessions run on this host. */
  readonly placement: PlacementSettings | undefined;
}

/** What is declared of language models, in the order of the file. */
export interface LlmSettings {
  /** Names are unique. */
  readonly providers: readonly Provider[];
  readonly prices: readonly Price[];
}

/** What `agentd web` is told; paths are absolute. */
export interface WebSettings {
  readonly listen: ListenAddress;
  /** Values of the `Host` header that are answered besides the names of a loopback address. */
  readonly allowedHosts: readonly string[];
  /** Undefined: below the state directory, made by `agentd web`. */
  readonly tokenFile: string | undefined;
  /** Where only the probes and metrics are; undefined: nowhere besides `listen`. */
  readonly metricsListen: ListenAddress | undefined;
  /** Undefined: plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** Whether everything that changes something is refused. */
  readonly readOnly: boolean;
}

/** Paths are absolute; undefined means the default below the XDG directories. */
export interface DaemonSettings {
  readonly auditRoot: string | undefined;
  /** Whether sealed records are readable by their owner alone. */
  readonly auditPrivate: boolean;
  /** The limit of the agent's files in a record, with their paths, in bytes. */
  readonly recordLimitBytes: number;
  /** How long records are kept of profiles that do not say it themselves; undefined: until somebody removes them. */
  readonly records: Retention | undefined;
  /** How much a session may print before it is ended. */
  readonly logLimitBytes: number;
  /** How long a session may be paused, all pauses together. */
  readonly pauseMaxMs: number;
  /** How long events of the feed are kept, in milliseconds. */
  readonly eventsKeepMs: number;
  /** The limit of what is exported of a session's work, in bytes. */
  readonly exportLimitBytes: number;
  /** How much all kept sessions may take, in bytes. */
  readonly keepMaxBytes: number;
  /** The free space that a session needs to begin where sessions write; 0: any. */
  readonly minFreeBytes: number;
  readonly socketPath: string | undefined;
  readonly maxSessions: number;
  /** How many containers may wait for sessions at most; undefined: as many as sessions may run. */
  readonly warm: number | undefined;
  /** The limit on the sum of the memory limits of running sessions; undefined: none. */
  readonly memoryBudgetBytes: number | undefined;
  readonly shutdown: Shutdown;
  /** Socket of an existing Podman service; undefined: the daemon starts its own. */
  readonly podmanSocket: string | undefined;
}

/** What happens to running sessions when the daemon ends. */
export type Shutdown = ConfigDocument["daemon"]["shutdown"];

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
  const { daemon, profiles, llm, web, notify, sinks, placement } = document;
  return deepFreeze({
    file,
    daemon: {
      auditRoot: optional(daemon.audit_root, fromFile),
      auditPrivate: daemon.audit_private,
      recordLimitBytes: parsed(daemon.record_limit, sizeBytes),
      records: daemon.records === undefined ? undefined : toRetention(daemon.records),
      logLimitBytes: parsed(daemon.log_limit, sizeBytes),
      pauseMaxMs: parsed(daemon.pause_max, durationMs),
      eventsKeepMs: parsed(daemon.events_keep, ageMs),
      exportLimitBytes: parsed(daemon.export_limit, sizeBytes),
      keepMaxBytes: parsed(daemon.keep_max, sizeBytes),
      minFreeBytes: parsed(daemon.min_free, sizeOrZeroBytes),
      socketPath: optional(daemon.socket_path, fromFile),
      maxSessions: daemon.max_sessions,
      warm: daemon.warm === "auto" ? undefined : daemon.warm === "off" ? 0 : daemon.warm,
      memoryBudgetBytes: optional(daemon.memory_budget, (text) => parsed(text, sizeBytes)),
      shutdown: daemon.shutdown,
      podmanSocket: optional(daemon.podman_socket, fromFile),
    },
    profiles: profiles.map((profile) => toProfile(profile, fromFile, llm)),
    llm: { providers: llm.providers.map(toProvider), prices: llm.prices.map(toPrice) },
    web: {
      listen: asAddress(web.listen),
      allowedHosts: web.allowed_hosts,
      tokenFile: optional(web.token_file, fromFile),
      metricsListen: optional(web.metrics_listen, asAddress),
      tls: tlsFiles(web, fromFile),
      readOnly: web.read_only,
    },
    notify: notify.map(toTarget),
    sinks: sinks.map((sink) => toSink(sink, fromFile)),
    placement: placement && toPlacement(placement),
  });
}

function asAddress(text: string): ListenAddress {
  const address = listenAddress(text);
  if (address === undefined) throw new TypeError(`${JSON.stringify(text)} has passed the schema`);
  return address;
}

function tlsFiles(
  { tls_certificate: certificate, tls_key: key }: ConfigDocument["web"],
  fromFile: (path: string) => string,
): WebSettings["tls"] {
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate: fromFile(certificate), key: fromFile(key) };
}

function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
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
