import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { OpenIndex } from "../audit/open/open-index.ts";
import type { RecordSettings } from "../audit/open/open-record.ts";
import { createRecord } from "../audit/open/record.ts";
import { reopenRecord } from "../audit/open/reopen.ts";
import { findById } from "../audit/read/find-record.ts";
import { readDocument } from "../audit/read/query.ts";
import { Sealer } from "../audit/seal/sealer.ts";
import { configDigest } from "../config/config.ts";
import { protectedPaths } from "../config/mount-sources.ts";
import type { Host } from "../config/paths.ts";
import type { VariableSource } from "../credentials/resolve.ts";
import type { Failpoints } from "../failpoints.ts";
import { FifoMaker } from "../fifos.ts";
import { FollowUps } from "../followups/follow-ups.ts";
import { ArtifactChecker } from "../input/artifact-checker.ts";
import { KeptIndex } from "../keep/kept-index.ts";
import { KeptSessions } from "../keep/kept-sessions.ts";
import { LocalExecutor } from "../local/local-executor.ts";
import type { Network } from "../local/network-ports.ts";
import type { WarmPool } from "../local/warm-pool.ts";
import type { Logger } from "../log.ts";
import type { PlacedExecutor } from "../placed/placed-executor.ts";
import { readConsoleEnd } from "../podman/console-end.ts";
import type { Engine } from "../podman/engine.ts";
import type { ReleaseStack } from "../release-stack.ts";
import { Intake } from "../sessions/intake.ts";
import type { Clock } from "../sessions/port/ports.ts";
import type { Admission } from "../sessions/queue/admission.ts";
import type { FreeSpace } from "../sessions/queue/free-space.ts";
import { recover } from "../sessions/recovery/recover.ts";
import type { SessionFeed } from "../sessions/state/feed.ts";
import { Remover } from "../trees/remover.ts";
import { Exporter } from "../work/exporter.ts";
import { DirectoryCopier } from "../workspace/directory-copier.ts";
import { AfterPrograms } from "./after-programs.ts";
import { artifactCheck } from "./artifact-check.ts";
import type { CurrentConfig } from "./configuration/current-config.ts";
import { Executors } from "./executors.ts";
import type { EventFeedParts } from "./feed/event-feed.ts";
import { keptNotes } from "./kept-notes.ts";
import type { Places } from "./places.ts";
import { bootMarker } from "./process/boot-marker.ts";
import { keepHeapSmall } from "./process/small-heap.ts";
import { runOfRecord } from "./run-of-record.ts";
import { credentialsOf, hostPathsOf, leftoversOf, workspacesOf } from "./session-adapters.ts";
import type { SessionRedaction } from "./session-redaction.ts";
import { volumesOf } from "./session-volumes.ts";
import { followUpRequest } from "./start-follow-up.ts";
import { startPlacement } from "./start-placement.ts";
import { waitingRecords } from "./waiting-records.ts";
import { warmPolicy } from "./warm-policy.ts";

/** What sessions are made from. */
export interface SessionsHost {
  readonly current: CurrentConfig;
  readonly admission: Admission;
  readonly feed: SessionFeed;
  readonly events: Pick<EventFeedParts, "sessions">;
  readonly freeSpace: FreeSpace;
  readonly places: Places;
  readonly host: Host;
  readonly engine: Engine;
  readonly credentials: VariableSource;
  readonly networks: Network;
  readonly redaction: SessionRedaction;
  readonly clock: Clock;
  readonly log: Logger;
  readonly daemon: { readonly pid: number; readonly version: string };
  readonly failpoints: Failpoints;
  /** The script of the worker that seals. */
  readonly sealWorker: string;
  /** The script of a worker that removes a large tree. */
  readonly removalWorker: string;
  /** The script of the worker that exports work. */
  readonly exportWorker: string;
  /** The script of the worker that checks artifacts. */
  readonly artifactWorker: string;
  readonly copyWorker: string;
  /** The script of the channel to other machines. */
  readonly placement: string;
  readonly resources: ReleaseStack;
}

/** The sessions of a daemon: those that have not ended, and those that stay after their end. */
export interface StartedSessions {
  readonly intake: Intake;
  readonly kept: KeptSessions;
  readonly followUps: FollowUps;
  /** Containers that wait for sessions. */
  readonly pool: WarmPool;
  /** Undefined without `[placement]`. */
  readonly placed: PlacedExecutor | undefined;
}

/** Makes the intake, and continues every session that an earlier daemon has left. */
export async function startSessions(parts: SessionsHost): Promise<StartedSessions> {
  const { current, places, host, engine, clock, log, daemon, failpoints, redaction, resources } = parts;
  const boot = await bootMarker(places.runtime);
  const index = new OpenIndex(places.state);
  const { version } = daemon;
  const attester = { stateDirectory: places.state, instance: places.instance, version };
  const sealer = new Sealer({ script: parts.sealWorker, attester, onWorker: keepHeapSmall });
  resources.defer("sealing worker", () => sealer.close());
  const remover = new Remover({
    script: parts.removalWorker,
    removeSmall: sealer.removeSmall,
    onWorker: keepHeapSmall,
  });
  resources.defer("removals", () => remover.close());
  const exporter = new Exporter({
    script: parts.exportWorker,
    environment: host.env,
    onWorker: keepHeapSmall,
  });
  resources.defer("exporting worker", () => exporter.close());
  const fifos = new FifoMaker();
  resources.defer("shell that creates FIFOs", () => fifos.close());
  const records = (): RecordSettings => recordSettings(parts, index, sealer);
  const { freeSpace } = parts;
  await watchFreeSpace(parts);
  const copier = new DirectoryCopier({ script: parts.copyWorker, onWorker: keepHeapSmall });
  const skeletons = waitingRecords(places, remover.remove);
  const local = new LocalExecutor({
    ...{ engine, clock, log, failpoints },
    instance: places.instance,
    hostName: hostname(),
    workspaces: workspacesOf(places.cache, places.instance, {
      environment: host.env,
      remove: remover.remove,
      exporter,
      exportLimitBytes: () => current.config.daemon.exportLimitBytes,
      recordLimitBytes: () => current.config.daemon.recordLimitBytes,
      version,
      now: clock.now,
      findValues: redaction.finderOf,
      copier,
    }),
    credentials: credentialsOf(places.runtime, parts.credentials, {
      ...{ failpoints, fifos, redaction },
    }),
    hostPaths: hostPathsOf(protectedOf(parts)),
    leftovers: leftoversOf(places, skeletons, remover.remove),
    network: parts.networks,
    runOfRecord,
    warm: { ...warmPolicy(current, parts.admission), skeletons },
    volumes: volumesOf(places, { remove: remover.remove, copier, now: clock.now }),
  });
  const { pool } = local;
  resources.defer("containers that wait", () => pool.close());
  const placed = startPlacement(parts);
  const executor = placed === undefined ? local : new Executors(local, placed);
  const afterwards = new AfterPrograms({
    ...{ stateDirectory: places.state, environment: host.env, log, now: clock.now, failpoints },
  });
  resources.defer("programs after sessions", () => afterwards.close());
  const kept = new KeptSessions({
    ...{ jobs: executor.kept, index: new KeptIndex(places.state), clock, log, failpoints },
    notes: keptNotes(places.state, clock.now),
    maxBytes: () => current.config.daemon.keepMaxBytes,
  });
  const followUps: FollowUps = new FollowUps({
    ...{ stateDirectory: places.state, log, now: clock.now, failpoints },
    chained: ({ profile, outcome }) =>
      current.config.profiles
        .filter(({ chain }) => chain?.after.includes(profile) === true && chain.on.includes(outcome))
        .map(({ name }) => name),
    isSealed: async (directory) => (await readDocument(directory)).outcome !== null,
    start: async (run, before) => await intake.accept(await followUpRequest(run, before)),
  });
  resources.defer("sessions that follow others", () => followUps.close());
  const intake: Intake = new Intake({
    ...{
      freeSpace,
      executor,
      feed: parts.feed,
      clock,
      log,
      boot,
      daemon,
      failpoints,
      afterwards,
      followUps,
      redaction,
      keeping: kept,
      admission: parts.admission,
    },
    createRecord: (accepted) => createRecord({ ...records(), ...accepted, randomBytes }),
    checkArtifact: artifactCheck(new ArtifactChecker(parts.artifactWorker), protectedOf(parts)),
    profileNames: () => current.config.profiles.map(({ name }) => name),
    prepareSeal: () => sealer.prepare(),
    prepareExport: () => exporter.prepare(),
    lastPrinted: async (path) => (await readConsoleEnd(path, "stdout"))?.toString("utf8") ?? "",
    profile: (name) => {
      const { config } = current;
      const profile = current.profile(name);
      if (profile === undefined) return undefined;
      const { logLimitBytes, pauseMaxMs } = config.daemon;
      return { profile, digest: configDigest(config, profile), logLimitBytes, pauseMaxMs };
    },
  });
  const recovery = await recover({
    ...{ executor, index, boot, log, failpoints },
    canPlace: placed !== undefined,
    kept: await kept.load(),
    reopen: (entry) => reopenRecord(records(), entry),
    hasRecord: (sessionId) => hasRecord(places.auditRoot, sessionId),
  });
  intake.resume(recovery, await index.recent());
  for (const { id, reason } of recovery.leftAlone) parts.events.sessions.leftAlone(id, reason);
  parts.events.sessions.madeGood().catch((error: unknown) => log.error({ error }, "events are missing"));
  await afterwards.resume();
  kept.resume(new Set(intake.openSessions.map(({ id }) => id)));
  removeKeptInTime(kept, resources);
  await followUps.resume();
  return { intake, kept, followUps, pool, placed };
}

/** What no session may get of this host. */
function protectedOf({ current, places, host, engine }: SessionsHost): ReturnType<typeof protectedPaths> {
  const { socketPath } = places;
  const storage = engine.host.storageDirectories;
  return protectedPaths(host, { daemon: { ...current.config.daemon, socketPath, storage } });
}

/** Looks at once, so that no queued session begins before, and from then on until the daemon ends. */
async function watchFreeSpace({ freeSpace, clock, resources }: SessionsHost): Promise<void> {
  await freeSpace.look();
  const over = new AbortController();
  const watched = freeSpace.watch({ clock, signal: over.signal });
  resources.defer("free space monitor", () => {
    over.abort();
    return watched;
  });
}

/** From now on until the daemon ends. Whoever looks into one has to leave it then. */
function removeKeptInTime(kept: KeptSessions, resources: ReleaseStack): void {
  const over = new AbortController();
  const watched = kept.watch(over.signal);
  resources.defer("kept sessions", async () => {
    over.abort();
    await kept.close();
    await watched;
  });
}

/** As the configuration says now. */
function recordSettings(
  { current, places, clock, events, ...parts }: SessionsHost,
  index: OpenIndex,
  sealer: Sealer,
): RecordSettings {
  const { recordLimitBytes, auditPrivate } = current.config.daemon;
  return {
    auditRoot: places.auditRoot,
    index,
    daemon: parts.daemon,
    recordLimitBytes,
    isPrivate: auditPrivate,
    now: clock.now,
    seal: sealer.seal,
    failpoints: parts.failpoints,
    observer: events.sessions,
  };
}

async function hasRecord(auditRoot: string, sessionId: string): Promise<boolean> {
  return (await findById(auditRoot, sessionId)) !== undefined;
}
