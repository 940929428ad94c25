/**
 * Adapters: the rooms below sessions, in the words that sessions use.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { methodologyDigest } from "../audit/open/methodology-digest.ts";
import { readHomeFile } from "../config/home-file.ts";
import { checkMethodology } from "../config/methodology.ts";
import { type ProtectedPath, resolveMountSource } from "../config/mount-sources.ts";
import { resolveDirectory } from "../config/workspace-directory.ts";
import { Gate, GATE_FIFO } from "../credentials/gate.ts";
import { launcherArgv, launcherEnding } from "../credentials/launcher.ts";
import { credentialPayload } from "../credentials/payload.ts";
import { resolveCredentials, resolveToken, type VariableSource } from "../credentials/resolve.ts";
import type { Environment } from "../environment.ts";
import type { Failpoints } from "../failpoints.ts";
import type { FifoMaker } from "../fifos.ts";
import { ifThere } from "../if-there.ts";
import { GATE_TARGET } from "../local/container-request.ts";
import type { Credentials, Gate as GatePort, HostPaths, Leftovers, Workspaces } from "../local/ports.ts";
import { cloneInto } from "../workspace/clone.ts";
import { deliverClone } from "../workspace/deliver-clone.ts";
import type { DirectoryCopier } from "../workspace/directory-copier.ts";
import { fillHome } from "../workspace/fill-home.ts";
import { createGit } from "../workspace/git.ts";
import { endLeftoverGit } from "../workspace/leftover-git.ts";
import { Mirrors } from "../workspace/mirrors.ts";
import { type RemoveTree, Staging } from "../workspace/staging.ts";
import { removeStaleLocks } from "../workspace/stale-locks.ts";
import { fillWorkspace } from "./fill-workspace.ts";
import { mirrorsBelow, type Places, stagingBelow } from "./places.ts";

const gatesBelow = (runtimeDirectory: string): string => join(runtimeDirectory, "gates");

/**
 * Workspaces below a cache directory.
 *
 * @param environment the daemon's own; git gets a few allowed names of it.
 */
export function workspacesOf(
  cacheDirectory: string,
  instance: string,
  {
    environment,
    remove,
    copier,
  }: { readonly environment: Environment; readonly remove: RemoveTree; readonly copier: DirectoryCopier },
): Workspaces {
  const stagingRoot = stagingBelow(cacheDirectory);
  const mirrors = new Mirrors(mirrorsBelow(cacheDirectory));
  const git = createGit(environment);
  const stagingOf = (sessionId: string): Staging => new Staging(stagingRoot, sessionId, remove);
  return {
    create: (sessionId) => Staging.create(stagingRoot, sessionId, instance),
    remove: (sessionId, onProgress) => stagingOf(sessionId).remove(onProgress),
    clone: (sessionId, source, { signal }) =>
      cloneInto(stagingOf(sessionId), source, { git, mirrors, signal }),
    fill: (sessionId, source, options) =>
      fillWorkspace(stagingOf(sessionId), source, { ...options, copier, environment }),
    fillHome,
    deliver: (sessionId, options) => deliverClone(stagingOf(sessionId), options),
  };
}

/**
 * Credentials from variables, and gates below a runtime directory.
 *
 * @param variables asked each time.
 */
export function credentialsOf(
  runtimeDirectory: string,
  variables: VariableSource,
  { failpoints, fifos }: { readonly failpoints: Failpoints; readonly fifos: FifoMaker },
): Credentials {
  const gateOf = (sessionId: string): string => join(gatesBelow(runtimeDirectory), sessionId);
  const portOf = (gate: Gate): GatePort => ({
    directory: gate.directory,
    open: (values, opening) => gate.open(credentialPayload(values), { ...opening, failpoints }),
  });
  return {
    resolve: (credentials) => resolveCredentials(credentials, variables),
    resolveToken: (source) => resolveToken(source, variables),
    createGate: async (sessionId) => portOf(await Gate.create(gateOf(sessionId), fifos.make)),
    renewGate: async (sessionId) => {
      const gate = new Gate(gateOf(sessionId));
      return (await gate.renew()) ? portOf(gate) : undefined;
    },
    removeGate: (sessionId) => new Gate(gateOf(sessionId)).remove(),
    launcherArgv: (command) => launcherArgv(`${GATE_TARGET}/${GATE_FIFO}`, command),
    launcherEnding,
  };
}

/** What sessions have left below these directories, for a daemon that starts. */
export function leftoversOf(
  { cache, runtime, instance }: Pick<Places, "cache" | "runtime" | "instance">,
  remove: RemoveTree,
): Leftovers {
  const stagingRoot = stagingBelow(cache);
  const gates = gatesBelow(runtime);
  // Instances may share a cache. A directory that names no instance counts as this one's.
  const isOurs = async (sessionId: string): Promise<boolean> =>
    ((await new Staging(stagingRoot, sessionId).owner()) ?? instance) === instance;
  return {
    list: async () => {
      const staged = await Staging.sessions(stagingRoot);
      const ours = await Promise.all(staged.map(async (id) => ((await isOurs(id)) ? [id] : [])));
      return [...new Set([...ours.flat(), ...((await ifThere(readdir(gates))) ?? [])])];
    },
    hasGate: (sessionId) => new Gate(join(gates, sessionId)).stands(),
    remove: async (sessionId) => {
      await new Gate(join(gates, sessionId)).remove();
      if (await isOurs(sessionId)) await new Staging(stagingRoot, sessionId, remove).remove();
    },
    endWork: (sessionIds) => endLeftoverGit(sessionIds.map((id) => join(stagingRoot, id))),
    removeStaleLocks: () => removeStaleLocks(mirrorsBelow(cache)),
  };
}

/** Checks the paths of the host that profiles name. @param protectedOnes what no session may get. */
export function hostPathsOf(protectedOnes: readonly ProtectedPath[]): HostPaths {
  return {
    methodology: async (named) => {
      const directory = await checkMethodology(named, protectedOnes);
      return { directory, digest: await methodologyDigest(directory) };
    },
    directorySource: (directory) => resolveDirectory(directory, protectedOnes),
    fileContent: (source) => readHomeFile(source, protectedOnes),
    mountSource: ({ source, relabel }) => resolveMountSource(source, protectedOnes, relabel),
  };
}
