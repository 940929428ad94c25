/**
 * The composition root: everything is made here and handed to whoever needs it.
 */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { findRecord, listRecords, readDocument, readLastState } from "../audit/query.ts";
import { createRecord } from "../audit/record.ts";
import { Sealer } from "../audit/sealer.ts";
import { configDigest, findProfile, type Config } from "../config/config.ts";
import { instanceId } from "../config/instance-id.ts";
import { loadConfig } from "../config/load.ts";
import { protectedPaths } from "../config/mount-sources.ts";
import {
  cacheDirectory,
  defaultAuditRoot,
  requireConfigFile,
  runtimeDirectory,
  stateDirectory,
  type Host,
} from "../config/paths.ts";
import { resolveSocketPath } from "../config/socket-path.ts";
import { createLogger, type Logger } from "../log.ts";
import { Engine } from "../podman/engine.ts";
import { PROTOCOL_VERSION } from "../rpc/protocol.ts";
import { RpcServer } from "../rpc/server.ts";
import { Admission } from "../sessions/admission.ts";
import { INSTANCE_LABEL } from "../sessions/container-request.ts";
import { Intake } from "../sessions/intake.ts";
import type { Clock } from "../sessions/ports.ts";
import type { ReleaseStack } from "../sessions/release-stack.ts";
import { engineStatus } from "./engine-status.ts";
import { createHandlers } from "./handlers.ts";
import { prepareImages } from "./image-preparation.ts";
import { lockInstance } from "./instance-lock.ts";
import { SessionDirectory } from "./session-directory.ts";
import { credentialsOf, hostPathsOf, workspacesOf } from "./session-rooms.ts";

const CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** What the command line gave, and what the build knows. */
export interface DaemonOptions {
  /** Value of `--config`; undefined when it was not given. */
  readonly config?: string | undefined;
  /** Value of `--socket`; undefined when it was not given. */
  readonly socket?: string | undefined;
  readonly version: string;
  /** The script of the worker that seals. */
  readonly sealWorker: string;
}

export interface ComposeOptions extends DaemonOptions {
  readonly host: Host;
  readonly pid: number;
  /** Takes over whatever is acquired, also when composing fails half-way. */
  readonly resources: ReleaseStack;
}

/** A daemon that serves its socket. */
export interface Daemon {
  readonly intake: Intake;
  readonly log: Logger;
}

/** Where an instance keeps its things. */
interface Places {
  readonly instance: string;
  readonly state: string;
  readonly cache: string;
  /** Sockets, FIFOs: on a file system that a boot clears. */
  readonly runtime: string;
  readonly auditRoot: string;
  readonly socketPath: string;
}

/** Builds the daemon and binds its socket, last. */
export async function compose(options: ComposeOptions): Promise<Daemon> {
  const { host, pid, resources, version } = options;
  const config = await loadConfig(await requireConfigFile(host, options.config), {
    ...host,
    cores: availableParallelism(),
  });
  const places = await findPlaces(config, options);
  const log = createLogger(pino.destination({ fd: 2, sync: true }), host.env["AGENTD_LOG"]);
  const startedTimestamp = new Date(CLOCK.now()).toISOString();

  const lock = await lockInstance(places.state, pid);
  resources.defer("state directory", () => lock.release());
  await mkdir(places.runtime, { recursive: true, mode: 0o700 });
  const engine = await startEngine(config, places, log, options);
  startPreparingImages(config, engine, log, resources);
  const intake = createIntake(config, places, engine, log, options);

  const server = new RpcServer({
    identity: { version, pid, instance: places.instance },
    handlers: createHandlers({
      intake,
      sessions: sessionDirectory(intake, places.auditRoot),
      engineStatus: () => engineStatus(engine.host),
      status: {
        pid,
        version,
        protocol: PROTOCOL_VERSION,
        instance: places.instance,
        started_timestamp: startedTimestamp,
        socket_path: places.socketPath,
        state_directory: places.state,
        audit_root: places.auditRoot,
        max_sessions: config.daemon.maxSessions,
      },
    }),
    log,
    uid: host.uid,
  });
  resources.defer("socket", () => server.close());
  await server.listen(places.socketPath);
  log.info({ pid, version, config: config.file, socket: places.socketPath }, "daemon ready");
  return { intake, log };
}

async function findPlaces(config: Config, options: ComposeOptions): Promise<Places> {
  const { host } = options;
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

async function startEngine(
  config: Config,
  places: Places,
  log: Logger,
  { host, resources }: ComposeOptions,
): Promise<Engine> {
  const engine = new Engine({
    environment: host.env,
    runtimeDirectory: places.runtime,
    externalSocket: config.daemon.podmanSocket,
    instanceLabel: { name: INSTANCE_LABEL, value: places.instance },
    log,
  });
  resources.defer("Podman service", () => engine.stop());
  await engine.start();
  log.info({ engine: engineStatus(engine.host) }, "engine found");
  for (const warning of engine.host.warnings) log.warn({ warning }, "engine warning");
  return engine;
}

/** In the background: sessions can be accepted meanwhile. */
function startPreparingImages(config: Config, engine: Engine, log: Logger, resources: ReleaseStack): void {
  const over = new AbortController();
  const prepared = prepareImages(config.profiles, engine, log, over.signal);
  resources.defer("image preparation", () => {
    over.abort();
    return prepared;
  });
}

function createIntake(
  config: Config,
  places: Places,
  engine: Engine,
  log: Logger,
  { host, sealWorker, resources }: ComposeOptions,
): Intake {
  const sealer = new Sealer({ script: sealWorker });
  resources.defer("sealing worker", () => sealer.close());
  const records = {
    auditRoot: places.auditRoot,
    openDirectory: join(places.state, "open"),
    recordLimitBytes: config.daemon.recordLimitBytes,
    isPrivate: config.daemon.auditPrivate,
    now: CLOCK.now,
    seal: sealer.seal,
    randomBytes,
  };
  return new Intake({
    instance: places.instance,
    engine,
    workspaces: workspacesOf(places.cache, host.env),
    credentials: credentialsOf(places.runtime, host.env),
    admission: new Admission(config.daemon.maxSessions),
    clock: CLOCK,
    log,
    logLimitBytes: config.daemon.logLimitBytes,
    hostPaths: hostPathsOf(
      protectedPaths(host, { daemon: { ...config.daemon, socketPath: places.socketPath } }),
    ),
    createRecord: (document) => createRecord({ ...records, document }),
    profileNames: config.profiles.map(({ name }) => name),
    prepareSeal: () => sealer.prepare(),
    profile: (name) => {
      const profile = findProfile(config, name);
      return profile && { profile, digest: configDigest(config, profile) };
    },
  });
}

function sessionDirectory(intake: Intake, auditRoot: string): SessionDirectory {
  return new SessionDirectory(intake, {
    find: (prefix) => findRecord(auditRoot, prefix),
    newest: (limit) => listRecords(auditRoot, { limit }),
    read: readDocument,
    lastState: readLastState,
  });
}
