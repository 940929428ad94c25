import { randomBytes } from "node:crypto";
import { OpenIndex } from "../audit/open-index.ts";
import type { RecordSettings } from "../audit/open-record.ts";
import { findById } from "../audit/find-record.ts";
import { createRecord } from "../audit/record.ts";
import { reopenRecord } from "../audit/reopen.ts";
import { Sealer } from "../audit/sealer.ts";
import { configDigest } from "../config/config.ts";
import { protectedPaths } from "../config/mount-sources.ts";
import type { Host } from "../config/paths.ts";
import type { Failpoints } from "../failpoints.ts";
import { FifoMaker } from "../fifos.ts";
import type { Logger } from "../log.ts";
import type { Engine } from "../podman/engine.ts";
import type { Admission } from "../sessions/admission.ts";
import { Intake } from "../sessions/intake.ts";
import type { Clock } from "../sessions/ports.ts";
import { recover } from "../sessions/recovery/recover.ts";
import type { ReleaseStack } from "../sessions/release-stack.ts";
import { bootMarker } from "./boot-marker.ts";
import type { CurrentConfig } from "./current-config.ts";
import type { Places } from "./places.ts";
import { credentialsOf, hostPathsOf, leftoversOf, workspacesOf } from "./session-rooms.ts";
import { keepYoungGenerationSmall } from "./young-generation.ts";

/** What sessions are made from. */
export interface SessionsHost {
  readonly current: CurrentConfig;
  readonly admission: Admission;
  readonly places: Places;
  readonly host: Host;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly daemon: { readonly pid: number; readonly version: string };
  readonly failpoints: Failpoints;
  /** The script of the worker that seals. */
  readonly sealWorker: string;
  readonly resources: ReleaseStack;
}

/** Makes the intake, and goes on with every session that an earlier daemon has left. */
export async function startSessions(parts: SessionsHost): Promise<Intake> {
  const { current, places, host, engine, clock, log, daemon, failpoints, resources } = parts;
  const boot = await bootMarker(places.runtime);
  const index = new OpenIndex(places.state);
  const { version } = daemon;
  const attester = { stateDirectory: places.state, instance: places.instance, version };
  const sealer = new Sealer({ script: parts.sealWorker, attester, onWorker: keepYoungGenerationSmall });
  resources.defer("sealing worker", () => sealer.close());
  const fifos = new FifoMaker();
  resources.defer("shell that makes FIFOs", () => fifos.close());
  const records = (): RecordSettings => recordSettings(parts, index, sealer);
  const intake = new Intake({
    ...{ engine, clock, log, boot, daemon, failpoints, admission: parts.admission },
    instance: places.instance,
    workspaces: workspacesOf(places.cache, places.instance, host.env),
    credentials: credentialsOf(places.runtime, host.env, { failpoints, fifos }),
    hostPaths: hostPathsOf(
      protectedPaths(host, {
        daemon: {
          ...current.config.daemon,
          socketPath: places.socketPath,
          storage: engine.host.storageDirectories,
        },
      }),
    ),
    createRecord: (accepted) => createRecord({ ...records(), ...accepted, randomBytes }),
    profileNames: () => current.config.profiles.map(({ name }) => name),
    prepareSeal: () => sealer.prepare(),
    profile: (name) => {
      const { config } = current;
      const profile = current.profile(name);
      if (profile === undefined) return undefined;
      return { profile, digest: configDigest(config, profile), logLimitBytes: config.daemon.logLimitBytes };
    },
  });
  const recovery = await recover({
    ...{ engine, index, boot, log, failpoints },
    reopen: (entry) => reopenRecord(records(), entry),
    hasRecord: (sessionId) => hasRecord(places.auditRoot, sessionId),
    leftovers: leftoversOf(places),
  });
  intake.resume(recovery, await index.recent());
  return intake;
}

/** As the configuration says now. */
function recordSettings(
  { current, places, clock, ...parts }: SessionsHost,
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
  };
}

async function hasRecord(auditRoot: string, sessionId: string): Promise<boolean> {
  return (await findById(auditRoot, sessionId)) !== undefined;
}
