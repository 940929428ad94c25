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
