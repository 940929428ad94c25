/**
 * The composition root: everything is made here and passed to the code that needs it.
 */
import { availableParallelism, uptime } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { ensureEvidence } from "../audit/chain/chain-writer.ts";
import { evidencePaths } from "../audit/keys/evidence-paths.ts";
import { findRecord } from "../audit/read/find-record.ts";
import { rememberRecordNames } from "../audit/read/record-names.ts";
import { readView } from "../audit/read/record-view.ts";
import { type RecordFilter, selectRecords } from "../audit/read/select-records.ts";
import type { Config, Shutdown } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { credentialsFile, requireConfigFile } from "../config/paths.ts";
import type { DaemonTeller } from "../events/daemon-teller.ts";
import { failpointsOf } from "../failpoints.ts";
import { Uploads } from "../input/uploads.ts";
import type { WarmPool } from "../local/warm-pool.ts";
import { createLogger, type Logger } from "../log.ts";
import type { ReleaseStack } from "../release-stack.ts";
import { PROTOCOL_VERSION } from "../rpc/protocol.ts";
import { RpcServer } from "../rpc/server.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Intake } from "../sessions/intake.ts";
import type { Clock } from "../sessions/port/ports.ts";
import { Admission } from "../sessions/queue/admission.ts";
import { SessionFeed } from "../sessions/state/feed.ts";
import { CredentialVariables } from "./configuration/credential-variables.ts";
import { CurrentConfig } from "./configuration/current-config.ts";
import { LoadedFiles } from "./configuration/loaded-files.ts";
import { admissionLimits, Reloading } from "./configuration/reload.ts";
import type { ComposeOptions } from "./daemon-options.ts";
import { engineStatus } from "./engine-status.ts";
import { startSinks } from "./event-sinks.ts";
import { openEventFeed } from "./feed/event-feed.ts";
import { eventsHandler } from "./feed/events-handler.ts";
import { gatewayFilesOf } from "./feed/gateway-files.ts";
import { freeSpaceIn } from "./free-space-in.ts";
import { gatewayEnvironment } from "./gateway-environment.ts";
import { gatewayStatus } from "./gateway-status.ts";
import { createHandlers } from "./handlers.ts";
import { hostHealth } from "./host-health.ts";
import { imagePreparation } from "./image-preparation.ts";
import { keptHandlers } from "./kept-handlers.ts";
import { liveHandlers } from "./live-handlers.ts";
import { LiveLlm } from "./live-llm.ts";
import { nodesHandler } from "./nodes-handler.ts";
import { startNotifications } from "./notifications.ts";
import { findPlaces, makeRuntimeDirectory, type Places, requirePrivacy } from "./places.ts";
import { lockInstance } from "./process/instance-lock.ts";
import { collectWhenQuiet } from "./process/small-heap.ts";
import { recordReading } from "./record-reading.ts";
import { startRetention } from "./retention.ts";
import { keepPiece, runRequest } from "./run-requests.ts";
import { scheduleHandlers } from "./schedule-handlers.ts";
import { createScheduler, followSchedules } from "./schedules.ts";
import { type AfterEnd, SessionDirectory } from "./session-directory.ts";
import { SessionLlmAccess } from "./session-llm.ts";
import { gatewayFiles, SessionNetworks } from "./session-networks.ts";
import { SessionRedaction } from "./session-redaction.ts";
import { startEngine } from "./start-engine.ts";
import { startSessions } from "./start-sessions.ts";

const CLOCK: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => uptime() * 1000,
};

/** A daemon that serves its socket. */
export interface Daemon {
  readonly intake: Intake;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly reloading: Reloading;
  /** Containers that wait for sessions. */
  readonly pool: Pick<WarmPool, "close">;
  /** Tells the feed of events. */
  readonly tell: DaemonTeller["tell"];
  /** The action for the first signal. */
  readonly shutdown: () => Shutdown;
}

/** Builds the daemon and binds its socket, last. */
export async function compose(options: ComposeOptions): Promise<Daemon> {
  const { host, pid, resources, version } = options;
  const load = (file: string): Promise<Config> =>
    loadConfig(file, { ...host, cores: availableParallelism(), shippedAgents: options.shippedAgents });
  const configFile = requireConfigFile(host, options.config);
  const files = new LoadedFiles([configFile, credentialsFile(host)]);
  const noted = await files.note();
  const config = await load(configFile);
  const credentials = await CredentialVariables.load(credentialsFile(host), host.uid, host.env);
  noted();
  const places = await findPlaces(config, host, options);
  await requirePrivacy(places, config.daemon, host.uid);
  const log = createLogger(pino.destination({ fd: 2, sync: true }), host.env["AGENTD_LOG"]);
  const failpoints = failpointsOf({ env: host.env, pid, crash: options.crash });
  const startedTimestamp = new Date(CLOCK.now()).toISOString();
  const current = new CurrentConfig(config, startedTimestamp);

  const lock = await lockInstance(places.state, pid);
  resources.defer("state directory", () => lock.release());
  await ensureEvidence(evidencePaths(places.state));
  await makeRuntimeDirectory(places.runtime);
  const events = await openEventFeed({
    ...{ stateDirectory: places.state, now: CLOCK.now, failpoints, log, resources },
    keepMs: () => current.config.daemon.eventsKeepMs,
    otherFiles: gatewayFilesOf,
  });
  const { tell } = events.daemon;
  const sinceSeq = events.feed.latest;
  tell("daemon.started", { pid, version });
  const engine = await startEngine(config, places, log, { ...options, ...events });
  const daemon = { pid, version };
  const feed = new SessionFeed();
  const admission = new Admission(admissionLimits(config), () => feed.publish({ kind: "queue" }));
  const freeSpace = freeSpaceIn(places, current, {
    hold: (reason) => {
      events.daemon.health("disk", reason);
      admission.hold(reason);
    },
    get hasWaiting() {
      return admission.hasWaiting;
    },
  });
  const llm = await SessionLlmAccess.load(places, credentials);
  const networks = sessionNetworks(places, log, { ...options, llm });
  const redaction = new SessionRedaction(places.runtime);
  const { intake, kept, followUps, pool, placed } = await startSessions({
    ...options,
    ...{
      current,
      feed,
      events,
      admission,
      freeSpace,
      places,
      engine,
      credentials,
      networks,
      redaction,
      clock: CLOCK,
      log,
      daemon,
      failpoints,
    },
  });
  // Not before: its containers belong to this instance and to no session, as leftovers do.
  const prepare = imagePreparation(engine, log, resources);
  prepare(config.profiles);

  const { profiles } = config;
  const { socketPath } = places;
  const scheduler = await createScheduler({
    profiles,
    socketPath,
    version,
    now: CLOCK.now,
    log,
    eventsPath: events.schedulesPath,
    onWritten: events.schedules.add,
  });
  const sessions = sessionDirectory(intake, places.auditRoot, feed, (id) => ({
    kept: kept.shown(id),
    next_retry: followUps.nextRetry(id),
  }));
  const outlets = {
    ...{ feed: events.feed, current, credentials, environment: host.env, now: CLOCK.now, log, resources },
    ...{ stateDirectory: places.state, instance: places.instance, failpoints },
  };
  const notifications = await startNotifications({ ...outlets, sinceSeq });
  const sinks = startSinks(outlets);
  const reloading = new Reloading({
    ...{ current, load, credentials, files, admission, freeSpace, log, now: CLOCK.now },
    tell,
    followSchedules: (changed) => followSchedules(scheduler, changed, log),
    prepareImages: prepare,
    rotateKeys: () => networks.rotateKeys(),
    outletsChanged: () => {
      notifications.changed();
      sinks.changed();
    },
    isClosed: () => intake.closed,
    poolChanged: () => pool.configurationChanged(),
  });

  const liveLlm = new LiveLlm(networks.gateway, CLOCK.monotonic);
  const uploads = await startUploads(places, resources);
  const server = new RpcServer({
    identity: { version, pid, instance: places.instance },
    handlers: createHandlers({
      intake,
      sessions,
      current,
      events: eventsHandler(events.feed),
      nodes: nodesHandler(placed, sessions),
      schedules: scheduleHandlers({
        ...{ scheduler, followUps },
        sessions,
        now: CLOCK.now,
        profiles: () => current.config.profiles,
      }),
      upload: (params) => keepPiece({ uploads, intake, freeSpace }, params),
      runRequest: (params) => runRequest(uploads, params, current.profile(params.profile)),
      reload: () => reloading.reload(),
      changedFiles: () => files.changed(),
      engineStatus: () => engineStatus(engine.host),
      gatewayStatus: () => gatewayStatus(networks.gateway),
      health: () => hostHealth(engine, freeSpace),
      ...{ redaction, notifications, sinks, tell },
      live: liveHandlers({ intake, sessions, liveLlm, environment: host.env, ...CLOCK, ...config.daemon }),
      liveLlm,
      kept: keptHandlers({ kept, sessions, environment: host.env, ...config.daemon }),
      keptSum: () => kept.sum,
      warm: () => pool.status(),
      reading: recordReading({ sessions, redaction }),
      status: {
        pid,
        version,
        protocol: PROTOCOL_VERSION,
        instance: places.instance,
        started_timestamp: startedTimestamp,
        socket_path: places.socketPath,
        state_directory: places.state,
        audit_root: places.auditRoot,
      },
    }),
    log,
    uid: host.uid,
  });
  resources.defer("socket", () => server.close());
  await server.listen(places.socketPath);
  resources.defer("schedules", () => scheduler.stop());
  scheduler.start();
  startRetention(
    {
      ...{ script: options.retentionWorker, auditRoot: places.auditRoot, stateDirectory: places.state },
      ...{ current, log, feed: events.feed, now: CLOCK.now, heldBack: () => kept.reasons },
    },
    resources,
  );
  resources.defer("collection of garbage", collectWhenQuiet(feed));
  log.info({ pid, version, config: config.file, socket: places.socketPath }, "daemon ready");
  const shutdown = (): Shutdown => options.shutdown ?? current.config.daemon.shutdown;
  return { intake, scheduler, reloading, log, tell, shutdown, pool };
}

/** Their gateway is ended with this daemon when it has no sessions, and otherwise left to the next one. */
function sessionNetworks(
  { runtime }: Places,
  log: Logger,
  { host, version, gateway, resources, llm }: ComposeOptions & { readonly llm: SessionLlmAccess },
): SessionNetworks {
  const networks = new SessionNetworks({
    ...gatewayFiles(runtime),
    script: gateway,
    environment: gatewayEnvironment(host.env),
    version,
    log,
    llm,
  });
  resources.defer("gateway", () => networks.gateway.stop());
  return networks;
}

/** The files of runs to come. */
async function startUploads({ state }: Places, resources: ReleaseStack): Promise<Uploads> {
  const uploads = new Uploads({ directory: join(state, "uploads"), monotonic: CLOCK.monotonic });
  await uploads.clear();
  resources.defer("uploads", () => uploads.close());
  return uploads;
}

function sessionDirectory(
  intake: Intake,
  auditRoot: string,
  feed: SessionFeed,
  afterEnd: AfterEnd,
): SessionDirectory {
  const names = rememberRecordNames(CLOCK.now);
  const records = {
    find: (name: string) => findRecord(auditRoot, name, names),
    select: (filter: RecordFilter) => selectRecords(auditRoot, filter, names),
    view: readView,
  };
  return new SessionDirectory(intake, records, feed, afterEnd);
}
