/**
 * Adapters: the rooms below sessions, in the words that sessions use.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { methodologyDigest } from "../audit/open/methodology-digest.ts";
import { fetchedEntry, homeEntry } from "../config/home-file.ts";
import { checkMethodology } from "../config/methodology.ts";
import { placeOperatorRequest } from "../config/methodology-request.ts";
import { type ProtectedPath, resolveMountSource } from "../config/mount-sources.ts";
import { resolveDirectory } from "../config/workspace-directory.ts";
import { makeExecGate, removeExecGates } from "../credentials/exec-gate.ts";
import { Gate, GATE_FIFO } from "../credentials/gate.ts";
import { launcherArgv, launcherEndings } from "../credentials/launcher.ts";
import { payloadText } from "../credentials/payload.ts";
import { resolveProviderKeys } from "../credentials/provider-keys.ts";
import { resolveCredentials, resolveToken, type VariableSource } from "../credentials/resolve.ts";
import type { Environment } from "../environment.ts";
import type { Failpoints } from "../failpoints.ts";
import type { FifoMaker } from "../fifos.ts";
import { ifThere } from "../if-there.ts";
import { GATE_TARGET } from "../local/container-request.ts";
import type { HostPaths } from "../local/host-paths.ts";
import type {
  Credentials,
  Gate as GatePort,
  Leftovers,
  WorkspaceExport,
  WorkspacePublication,
  Workspaces,
} from "../local/ports.ts";
import type { ExportedWork } from "../sessions/port/export.ts";
import { removeTree } from "../trees/remove-tree.ts";
import type { Exporter } from "../work/exporter.ts";
import { keepBase } from "../work/keep/keep-base.ts";
import { artifactsOf, workOf } from "../work/summary.ts";
import { cloneInto } from "../workspace/clone.ts";
import { copyInput, makeInput } from "../workspace/copy-input.ts";
import { deliverClone } from "../workspace/deliver-clone.ts";
import type { DirectoryCopier } from "../workspace/directory-copier.ts";
import { fetchSource } from "../workspace/fetch-source.ts";
import { fillHome } from "../workspace/fill-home.ts";
import { createGit } from "../workspace/git.ts";
import { endLeftoverGit } from "../workspace/leftover-git.ts";
import { Mirrors } from "../workspace/mirrors.ts";
import { parseRepositoryUrl } from "../workspace/repository-url.ts";
import { type RemoveTree, Staging } from "../workspace/staging.ts";
import { removeStaleLocks } from "../workspace/stale-locks.ts";
import { fillWorkspace } from "./fill-workspace.ts";
import { keepFiles } from "./keep-files.ts";
import { mirrorsBelow, type Places, stagingBelow } from "./places.ts";
import { publishFrom } from "./publish-from.ts";
import { secretsOf, type SessionRedaction } from "./session-redaction.ts";
import type { WaitingRecords } from "./waiting-records.ts";

const gatesBelow = (runtimeDirectory: string): string => join(runtimeDirectory, "gates");

/** What workspaces are made and emptied with. */
export interface WorkspaceTools {
  /** The daemon's own; git gets a few allowed names of it. */
  readonly environment: Environment;
  readonly remove: RemoveTree;
  readonly copier: DirectoryCopier;
  readonly exporter: Pick<Exporter, "export">;
  /** Asked for each export. */
  readonly exportLimitBytes: () => number;
  /** The most bytes of a session's `.runa`, asked for each session that is kept. */
  readonly recordLimitBytes: () => number;
  /** Of agentd, for servers. */
  readonly version: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** As `SessionRedaction.finderOf`. */
  readonly findValues: SessionRedaction["finderOf"];
}

/** Workspaces below a cache directory. */
export function workspacesOf(
  cacheDirectory: string,
  instance: string,
  { environment, remove, exporter, exportLimitBytes, recordLimitBytes, copier, ...tools }: WorkspaceTools,
): Workspaces {
  const stagingRoot = stagingBelow(cacheDirectory);
  const mirrors = new Mirrors(mirrorsBelow(cacheDirectory));
  const git = createGit(environment);
  const stagingOf = (sessionId: string): Staging => new Staging(stagingRoot, sessionId, remove);
  return {
    create: (sessionId) => Staging.create(stagingRoot, sessionId, instance),
    directories: stagingOf,
    remove: (sessionId, onProgress) => stagingOf(sessionId).remove(onProgress),
    clone: (sessionId, source, { signal }) =>
      cloneInto(stagingOf(sessionId), source, { git, mirrors, signal }),
    fetchSource: (sessionId, name, source, { signal }) =>
      fetchSource(stagingOf(sessionId), name, source, { git, mirrors, signal }),
    keepBase: async (sessionId, url) => {
      const { cloneDirectory, baseDirectory } = stagingOf(sessionId);
      const mirrorDirectory = mirrors.directoryOf(parseRepositoryUrl(url).url);
      await keepBase({ cloneDirectory, baseDirectory, mirrorDirectory });
    },
    exportWork: (sessionId, options) =>
      exportFrom(stagingOf(sessionId), exporter, options, exportLimitBytes()),
    publishWork: (sessionId: string, publication: WorkspacePublication) =>
      publishFrom(stagingOf(sessionId), publication, { environment, ...tools }),
    give: (key, sessionId) => Staging.give(stagingRoot, key, sessionId, instance),
    renew: (sessionId) => stagingOf(sessionId).renewSeen(),
    makeInput: (sessionId) => makeInput(stagingOf(sessionId)),
    copyInput: (sessionId, directory) => copyInput(stagingOf(sessionId), directory),
    fill: (sessionId, source, options) =>
      fillWorkspace(stagingOf(sessionId), source, { ...options, copier, environment }),
    fillHome,
    deliver: (sessionId, options) => deliverClone(stagingOf(sessionId), options),
    keptDirectories: stagingOf,
    keepFiles: (sessionId, runaDirectory, { signal }) =>
      keepFiles(stagingOf(sessionId), runaDirectory, { copier, limitBytes: recordLimitBytes(), signal }),
  };
}

async function exportFrom(
  { repoDirectory, homeDirectory, baseDirectory, exportDirectory }: Staging,
  exporter: Pick<Exporter, "export">,
  { directory, artifactsDirectory, artifacts, homeVolumeDirectory, signal }: WorkspaceExport,
  bytes: number,
): Promise<ExportedWork> {
  try {
    const { summary, warnings } = await exporter.export(
      {
        repoDirectory,
        baseDirectory,
        scratchDirectory: exportDirectory,
        outDirectory: directory,
        artifacts: {
          patterns: artifacts,
          homeDirectory: homeVolumeDirectory ?? homeDirectory,
          outDirectory: artifactsDirectory,
        },
        limits: { bytes },
      },
      signal,
    );
    return { work: workOf(summary), artifacts: artifactsOf(summary), warnings };
  } catch (error) {
    // What is half written would be sealed as if it were whole.
    for (const written of [directory, artifactsDirectory]) await removeTree(written).catch(() => undefined);
    throw error;
  }
}

/**
 * Credentials from variables, and gates below a runtime directory.
 *
 * @param variables asked each time.
 */
export function credentialsOf(
  runtimeDirectory: string,
  variables: VariableSource,
  {
    failpoints,
    fifos,
    redaction,
  }: {
    readonly failpoints: Failpoints;
    readonly fifos: FifoMaker;
    readonly redaction: Pick<SessionRedaction, "keep">;
  },
): Credentials {
  const gateOf = (sessionId: string): string => join(gatesBelow(runtimeDirectory), sessionId);
  const portOf = (gate: Gate): GatePort => ({
    directory: gate.directory,
    open: (payload, opening) => gate.open(payloadText(payload), { ...opening, failpoints }),
  });
  return {
    resolve: (credentials) => resolveCredentials(credentials, variables),
    requireKeys: (providers) => void resolveProviderKeys(providers, variables),
    resolveToken: (source) => resolveToken(source, variables),
    remember: ({ sessionId, profile }, values) => redaction.keep(sessionId, secretsOf(values, profile)),
    createGate: async (sessionId) => portOf(await Gate.create(gateOf(sessionId), fifos.make)),
    giveGate: async (key, sessionId) => portOf(await Gate.move(gateOf(key), gateOf(sessionId))),
    renewGate: async (sessionId) => {
      const gate = new Gate(gateOf(sessionId));
      return (await gate.renew()) ? portOf(gate) : undefined;
    },
    removeGate: (sessionId) => new Gate(gateOf(sessionId)).remove(),
    createExecGate: async (sessionId) => {
      const gate = await makeExecGate(gateOf(sessionId), fifos.make);
      return {
        argv: launcherArgv(`${GATE_TARGET}/${gate.name}`),
        open: (payload, signal) => gate.open(payloadText(payload), signal),
      };
    },
    launcherArgv: launcherArgv(`${GATE_TARGET}/${GATE_FIFO}`),
    launcherEndings,
  };
}

/** What sessions have left below these directories, for a daemon that starts. */
export function leftoversOf(
  { cache, runtime, instance }: Pick<Places, "cache" | "runtime" | "instance">,
  waiting: WaitingRecords,
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
      const gated = (await ifThere(readdir(gates))) ?? [];
      return [...new Set([...ours.flat(), ...gated, ...(await waiting.keys())])];
    },
    hasGate: (sessionId) => new Gate(join(gates, sessionId)).stands(),
    remove: async (sessionId) => {
      await new Gate(join(gates, sessionId)).remove();
      if ((await waiting.keys()).includes(sessionId)) await waiting.remove(sessionId);
      if (await isOurs(sessionId)) await new Staging(stagingRoot, sessionId, remove).remove();
    },
    endWork: (sessionIds) => endLeftoverGit(sessionIds.map((id) => join(stagingRoot, id))),
    removeExecGates: async () => {
      for (const id of (await ifThere(readdir(gates))) ?? []) await removeExecGates(join(gates, id));
    },
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
    placeRequest: (methodology, { runaDirectory, requestFile }) =>
      placeOperatorRequest(methodology, { runaDirectory, requestFile }),
    directorySource: (directory) => resolveDirectory(directory, protectedOnes),
    homeEntry: (file) => homeEntry(file, protectedOnes),
    fetchedEntry,
    mountSource: ({ source, relabel }) => resolveMountSource(source, protectedOnes, relabel),
  };
}
