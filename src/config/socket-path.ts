/**
 * Which socket daemon and client use. Loads no validator, and the TOML parser only for a file that sets the path.
 */
import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AgentdError } from "../errors.ts";
import { defaultSocketPath, findConfigFile, type Host } from "./paths.ts";
import { parseToml, readConfigTextNow } from "./toml-file.ts";

/** The kernel's limit for the path of a Unix socket, without the closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

/** What the command line gave. */
export interface SocketOptions {
  /** `--socket`; undefined when it was not given. */
  readonly socket?: string | undefined;
  /** `--config`; undefined when it was not given. */
  readonly config?: string | undefined;
}

/**
 * The absolute path of the daemon's socket: `--socket`, else `AGENTD_SOCKET`, else `daemon.socket_path` of the
 * configuration file, else the default below the runtime directory: where `XDG_RUNTIME_DIR` is not set, that of the
 * user's login.
 *
 * @throws AgentdError `socket_unusable` when the path is too long, `config_not_found`, `config_unreadable`,
 * `config_syntax` or `config_invalid` when the file would have to say, `runtime_directory_missing`.
 */
export async function resolveSocketPath(options: SocketOptions, host: Host): Promise<string> {
  const named = options.socket ?? (host.env["AGENTD_SOCKET"] || undefined);
  const path =
    named === undefined
      ? ((await configuredSocketPath(options, host)) ?? defaultSocketPath(withLogin(host)))
      : resolve(named);
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return path;
  throw new AgentdError("socket_unusable", {
    tried: `use the socket ${path}`,
    why: `its path has ${bytes} bytes, and the kernel takes ${MAX_SOCKET_PATH_BYTES} at most`,
    next: "Choose a shorter path with --socket, AGENTD_SOCKET or daemon.socket_path.",
    details: { path },
  });
}

/**
 * The host with the runtime directory of the user's login where none is named: programs that start MCP servers leave the
 * variable out, and systemd's own clients do the same.
 */
function withLogin(host: Host): Host {
  if (host.env["XDG_RUNTIME_DIR"] !== undefined) return host;
  const directory = `/run/user/${host.uid}`;
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true || found.uid !== host.uid) return host;
  return { ...host, env: { ...host.env, XDG_RUNTIME_DIR: directory } };
}

async function configuredSocketPath(options: SocketOptions, host: Host): Promise<string | undefined> {
  const file = findConfigFile(host, options.config);
  if (file === undefined) return undefined;
  const source = readConfigTextNow(file);
  if (!source.includes("socket_path")) return undefined;
  const { document } = await parseToml(file, source);
  const daemon = document["daemon"];
  if (typeof daemon !== "object" || daemon === null || !("socket_path" in daemon)) return undefined;
  if (typeof daemon.socket_path === "string" && daemon.socket_path !== "") {
    return resolve(dirname(file), daemon.socket_path);
  }
  throw new AgentdError("config_invalid", {
    tried: `find the daemon's socket in ${file}`,
    why: "daemon.socket_path must be a string that is not empty",
    next: "Correct the file, or name the socket with --socket.",
  });
}

/** The socket of `agentd web` for logins, beside the daemon's: `web.sock` where that is `agentd.sock`. */
export function webSocketPath(daemonSocket: string): string {
  const name = basename(daemonSocket, ".sock");
  return join(dirname(daemonSocket), name === "agentd" ? "web.sock" : `${name}-web.sock`);
}
