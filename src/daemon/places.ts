import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { evidencePaths } from "../audit/keys/evidence-paths.ts";
import type { Config, DaemonSettings } from "../config/config.ts";
import { instanceId } from "../config/instance-id.ts";
import {
  cacheDirectory,
  defaultAuditRoot,
  type Host,
  runtimeDirectory,
  stateDirectory,
} from "../config/paths.ts";
import { resolveSocketPath } from "../config/socket-path.ts";
import { AgentdError, systemCode } from "../errors.ts";
import { openPlaces, type OwnPlace, permissionsUnsafe } from "../own-places.ts";

/** The directories of an instance. */
export interface Places {
  readonly instance: string;
  readonly state: string;
  readonly cache: string;
  /** Sockets, FIFOs, the boot marker: on a file system that a boot clears. */
  readonly runtime: string;
  readonly auditRoot: string;
  readonly socketPath: string;
}

export const stagingBelow = (cacheDirectory: string): string => join(cacheDirectory, "staging");
export const mirrorsBelow = (cacheDirectory: string): string => join(cacheDirectory, "repos");

/**
 * What of an instance is for its user alone; the records may be readable by others.
 *
 * @param auditPrivate as `daemon.audit_private`.
 */
export function ownPlaces(
  { state, cache, runtime, auditRoot }: Pick<Places, "state" | "cache" | "runtime" | "auditRoot">,
  auditPrivate: boolean,
): OwnPlace[] {
  const { keys, signingKey, audit, chain } = evidencePaths(state);
  const own = [state, keys, signingKey, audit, chain, cache, stagingBelow(cache), mirrorsBelow(cache)];
  return [
    ...[...own, dirname(runtime), runtime].map((path) => ({ path })),
    { path: auditRoot, readable: !auditPrivate },
  ];
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
 * Refuses places that belong to another user, or that other users can reach.
 *
 * @throws AgentdError `permissions_unsafe`, with every such place and the command for it.
 */
export async function requirePrivacy(
  places: Places,
  { auditPrivate }: Pick<DaemonSettings, "auditPrivate">,
  uid: number,
): Promise<void> {
  const open = await openPlaces(ownPlaces(places, auditPrivate), uid);
  if (open.length > 0) throw permissionsUnsafe("start the daemon", open);
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
      tried: `create the runtime directory ${runtime}`,
      why: systemCode(cause) ?? String(cause),
      next: "Set XDG_RUNTIME_DIR to a writable directory that this user owns, such as the one that a login creates.",
      cause,
    });
  }
}
