/**
 * The rooms below sessions, in the words that sessions use.
 */
import { join } from "node:path";
import { checkMethodology } from "../config/methodology.ts";
import { resolveMountSource, type ProtectedPath } from "../config/mount-sources.ts";
import type { Environment } from "../config/paths.ts";
import { Gate, GATE_FIFO } from "../credentials/gate.ts";
import { launcherArgv } from "../credentials/launcher.ts";
import { credentialPayload } from "../credentials/payload.ts";
import { resolveCredentials, resolveToken } from "../credentials/resolve.ts";
import { GATE_TARGET } from "../sessions/container-request.ts";
import type { Credentials, HostPaths, Workspaces } from "../sessions/ports.ts";
import { cloneInto } from "../workspace/clone.ts";
import { createGit } from "../workspace/git.ts";
import { Mirrors } from "../workspace/mirrors.ts";
import { Staging } from "../workspace/staging.ts";

/**
 * Workspaces below a cache directory.
 *
 * @param environment the daemon's own; git gets a few allowed names of it.
 */
export function workspacesOf(cacheDirectory: string, environment: Environment): Workspaces {
  const stagingRoot = join(cacheDirectory, "staging");
  const mirrors = new Mirrors(join(cacheDirectory, "repos"));
  const git = createGit(environment);
  return {
    create: (sessionId) => Staging.create(stagingRoot, sessionId),
    remove: (sessionId) => new Staging(stagingRoot, sessionId).remove(),
    clone: (sessionId, source, { signal }) =>
      cloneInto(new Staging(stagingRoot, sessionId), source, { git, mirrors, signal }),
  };
}

/**
 * Credentials from an environment, and gates below a runtime directory.
 *
 * @param environment the daemon's own; credentials name its variables.
 */
export function credentialsOf(runtimeDirectory: string, environment: Environment): Credentials {
  const gateOf = (sessionId: string): string => join(runtimeDirectory, "gates", sessionId);
  return {
    resolve: (credentials) => resolveCredentials(credentials, environment),
    resolveToken: (source) => resolveToken(source, environment),
    createGate: async (sessionId) => {
      const gate = await Gate.create(gateOf(sessionId));
      return {
        directory: gate.directory,
        open: (values, opening) => gate.open(credentialPayload(values), opening),
      };
    },
    removeGate: (sessionId) => new Gate(gateOf(sessionId)).remove(),
    launcherArgv: (command) => launcherArgv(`${GATE_TARGET}/${GATE_FIFO}`, command),
  };
}

/** Judges what profiles name on the host. @param protectedOnes what no session may get. */
export function hostPathsOf(protectedOnes: readonly ProtectedPath[]): HostPaths {
  return {
    methodology: (directory) => checkMethodology(directory, protectedOnes),
    mountSource: ({ source, relabel }) => resolveMountSource(source, protectedOnes, relabel),
  };
}
