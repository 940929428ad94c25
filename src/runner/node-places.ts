/** Where a session has its state on a node: on a disk of the node's own, which outlives the job. */
import { hostname } from "node:os";
import { join } from "node:path";
import { instanceId } from "../config/instance-id.ts";
import { homeDirectory, type Host, runtimeDirectory } from "../config/paths.ts";
import type { Places } from "../daemon/places.ts";
import { isThere } from "../if-there.ts";

/** The name of this node, as the engine has it. */
export function nodeName({ env }: Pick<Host, "env">): string {
  return env["SLURMD_NODENAME"] ?? hostname();
}

/** Not in /tmp, which is cleared more often. One for each node, for the case that nodes share the directory after all. */
export function nodeDirectory(host: Host, written: string | undefined): string {
  return join(written ?? join("/var/tmp", `agentd-${host.uid}`), nodeName(host));
}

/**
 * The host as a job of the engine should find it: jobs start with few variables, and without those of a login.
 *
 * @param host as the process was started.
 */
export async function nodeHost(host: Host): Promise<Host> {
  const ofLogin = `/run/user/${host.uid}`;
  const runtime = host.env["XDG_RUNTIME_DIR"] ?? ((await isThere(ofLogin)) ? ofLogin : undefined);
  return { ...host, env: { ...host.env, HOME: homeDirectory(host), XDG_RUNTIME_DIR: runtime } };
}

/**
 * The places of one session. It is an instance of its own: with its own key, and with containers that no other sees.
 *
 * @throws AgentdError `runtime_directory_missing`.
 */
export function nodePlaces(host: Host, written: string | undefined, sessionId: string): Places {
  const directory = nodeDirectory(host, written);
  const state = join(directory, "sessions", sessionId);
  const instance = instanceId(state);
  const runtime = join(runtimeDirectory(host), instance);
  return {
    ...{ instance, state, runtime },
    // Clones of the same repository are made from one mirror.
    cache: join(directory, "cache"),
    auditRoot: join(state, "records"),
    socketPath: join(runtime, "agentd.sock"),
  };
}
