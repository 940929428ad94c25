import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { instanceId } from "../config/instance-id.ts";
import {
  cacheDirectory,
  defaultAuditRoot,
  runtimeDirectory,
  stateDirectory,
  type Host,
} from "../config/paths.ts";
import { resolveSocketPath } from "../config/socket-path.ts";
import { AgentdError, systemCode } from "../errors.ts";

/** Where an instance keeps its things. */
export interface Places {
  readonly instance: string;
  readonly state: string;
  readonly cache: string;
  /** Sockets, FIFOs, the boot marker: on a file system that a boot clears. */
  readonly runtime: string;
  readonly auditRoot: string;
  readonly socketPath: string;
}

/** @param options what the command line gave. */
export async function findPlaces(
  config: Config,
  host: Host,
  options: { readonly config?: string | undefined; readonly socket?: string | undefined },
): Promise<Places> {
  const state = stateDirectory(host);
  const instance = instanceId(state);
  return {
    instance,
    state,
    cache: cacheDirectory(host),
    runtime: join(runtimeDirectory(host), instance),
    auditRoot: config.daemon.auditRoot ?? defaultAuditRoot(host),
    socketPath: await resolveSocketPath(options, host),
  };
}

/**
 * Makes the runtime directory, of mode 0700.
 *
 * @throws AgentdError `runtime_directory_missing`.
 */
export async function makeRuntimeDirectory(runtime: string): Promise<void> {
  try {
    await mkdir(runtime, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new AgentdError("runtime_directory_missing", {
      tried: `make the runtime directory ${runtime}`,
      why: systemCode(cause) ?? String(cause),
      next: "Set XDG_RUNTIME_DIR to a directory that is this user's own and can be written, as a login makes it.",
      cause,
    });
  }
}
