/**
 * The places of agentd: the XDG base directories, and the configuration file.
 *
 * Imports neither a validator nor node:crypto, so that the client can use it.
 */
import { statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { Environment } from "../environment.ts";
import { AgentdError, systemCode } from "../errors.ts";

/** The user whose directories are meant. */
export interface Host {
  readonly env: Environment;
  /** Home directory to use where `HOME` is not set to an absolute path. */
  readonly home: string;
  readonly uid: number;
}

/** The last place where a configuration file is looked for. */
export const SYSTEM_CONFIG_FILE = "/etc/agentd/agentd.toml";

/** The user's home directory. */
export function homeDirectory(host: Host): string {
  const home = host.env["HOME"];
  return home !== undefined && isAbsolute(home) ? home : host.home;
}

/** Where programs keep the user's settings. */
function configHome(host: Host): string {
  return xdgDirectory(host, "XDG_CONFIG_HOME", ".config");
}

/** Where programs keep the user's data. */
export function dataHome(host: Host): string {
  return xdgDirectory(host, "XDG_DATA_HOME", join(".local", "share"));
}

/** The directory that is the instance: its lock, keys and open index lie here. */
export function stateDirectory(host: Host): string {
  return join(stateHome(host), "agentd");
}

/** Mirrors and staging; everything in it can be made again. */
export function cacheDirectory(host: Host): string {
  return join(xdgDirectory(host, "XDG_CACHE_HOME", ".cache"), "agentd");
}

/** Where records go when `daemon.audit_root` is not set. */
export function defaultAuditRoot(host: Host): string {
  return join(stateHome(host), "tesserine", "audit");
}

/**
 * Sockets, FIFOs and the boot marker.
 *
 * @throws AgentdError `runtime_directory_missing`: nothing else is as private, so there is no fallback.
 */
export function runtimeDirectory(host: Host): string {
  const runtime = host.env["XDG_RUNTIME_DIR"];
  if (runtime !== undefined && isAbsolute(runtime)) return join(runtime, "agentd");
  throw new AgentdError("runtime_directory_missing", {
    tried: "find the runtime directory",
    why:
      runtime === undefined
        ? "XDG_RUNTIME_DIR is not set"
        : `XDG_RUNTIME_DIR is ${JSON.stringify(runtime)}, which is not an absolute path`,
    next: `Log in through systemd (for a service user: loginctl enable-linger), or set XDG_RUNTIME_DIR=/run/user/${host.uid} (a directory that you own, with mode 0700).`,
  });
}

/**
 * The socket that daemon and client use when nothing else is configured.
 *
 * @throws AgentdError `runtime_directory_missing`
 */
export function defaultSocketPath(host: Host): string {
  return join(runtimeDirectory(host), "agentd.sock");
}

/**
 * Finds the configuration file: the one named, else `AGENTD_CONFIG`, else the user's, else the system's.
 *
 * @param named value of `--config`; undefined when it was not given.
 * @returns its absolute path; undefined when none was named and none exists.
 * @throws AgentdError `config_not_found` when the file that was named does not exist.
 */
export function findConfigFile(host: Host, named: string | undefined): string | undefined {
  const explicit = explicitConfigFile(host, named);
  if (explicit === undefined) {
    return defaultConfigFiles(host).find(exists);
  }
  if (exists(explicit.file)) return explicit.file;
  throw new AgentdError("config_not_found", {
    tried: `read the configuration ${explicit.file}`,
    why: `there is no such file (named by ${explicit.by})`,
    next: "Create it from examples/agentd.toml, or name another file.",
    details: { looked_in: [explicit.file] },
  });
}

/**
 * As `findConfigFile`, for callers that need a file.
 *
 * @throws AgentdError `config_not_found`, with every place that was looked in.
 */
export function requireConfigFile(host: Host, named: string | undefined): string {
  const file = findConfigFile(host, named);
  if (file !== undefined) return file;
  const places = defaultConfigFiles(host);
  throw new AgentdError("config_not_found", {
    tried: "find a configuration file",
    why: `found none; looked for ${places.join(" and ")}`,
    next: `Create ${places[0]} from examples/agentd.toml, or name a file with --config or AGENTD_CONFIG.`,
    details: { looked_in: places },
  });
}

function explicitConfigFile(host: Host, named: string | undefined): { file: string; by: string } | undefined {
  if (named !== undefined) return { file: resolve(named), by: "--config" };
  const fromEnvironment = host.env["AGENTD_CONFIG"];
  if (!fromEnvironment) return undefined;
  return { file: resolve(fromEnvironment), by: "AGENTD_CONFIG" };
}

/** The user's own configuration file, where none is named. */
export function userConfigFile(host: Host): string {
  return join(configHome(host), "agentd", "agentd.toml");
}

/** Where the names of other hosts are. */
export function contextsFile(host: Host): string {
  return join(configHome(host), "agentd", "contexts.toml");
}

/** Where the operator's own definitions of agents are. */
export function ownAgents(host: Host): string {
  return join(configHome(host), "agentd", "agents");
}

/** The service's file of credentials: one `NAME=value` a line. */
export function credentialsFile(host: Host): string {
  return join(configHome(host), "agentd", "credentials.env");
}

/** The secrets of webhooks, which only `agentd web` reads: one `NAME=value` a line. */
export function webSecretsFile(host: Host): string {
  return join(configHome(host), "agentd", "web.env");
}

/** Where the user's own units of systemd are. */
export function userUnitDirectory(host: Host): string {
  return join(configHome(host), "systemd", "user");
}

function defaultConfigFiles(host: Host): string[] {
  return [userConfigFile(host), SYSTEM_CONFIG_FILE];
}

function stateHome(host: Host): string {
  return xdgDirectory(host, "XDG_STATE_HOME", join(".local", "state"));
}

/** The XDG specification: a value that is not an absolute path is to be ignored. */
function xdgDirectory(host: Host, variable: string, belowHome: string): string {
  const value = host.env[variable];
  if (value !== undefined && isAbsolute(value)) return value;
  return join(homeDirectory(host), belowHome);
}

/** At once: a command waits for it, and a thread for it takes longer to start than the kernel to answer. */
function exists(file: string): boolean {
  try {
    statSync(file);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    // It may exist: reading it then reports what is wrong with it.
    return true;
  }
}
