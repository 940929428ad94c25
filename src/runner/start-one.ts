/** The composition root of a runner: that of the daemon, without server, scheduler, reload and queue. */
import { uptime } from "node:os";
import type { Host } from "../config/paths.ts";
import { CurrentConfig } from "../daemon/configuration/current-config.ts";
import { openEventFeed } from "../daemon/feed/event-feed.ts";
import { gatewayFilesOf } from "../daemon/feed/gateway-files.ts";
import { gatewayEnvironment } from "../daemon/gateway-environment.ts";
import { makeRuntimeDirectory, type Places } from "../daemon/places.ts";
import { SessionLlmAccess } from "../daemon/session-llm.ts";
import { gatewayFiles, SessionNetworks } from "../daemon/session-networks.ts";
import { SessionRedaction } from "../daemon/session-redaction.ts";
import { startEngine } from "../daemon/start-engine.ts";
import { startSessions } from "../daemon/start-sessions.ts";
import type { Failpoints } from "../failpoints.ts";
import type { Logger } from "../log.ts";
import type { PlacedPlan } from "../placement/placed-plan.ts";
import type { ReleaseStack } from "../release-stack.ts";
import type { Intake } from "../sessions/intake.ts";
import type { Clock } from "../sessions/port/ports.ts";
import { Admission } from "../sessions/queue/admission.ts";
import { FreeSpace } from "../sessions/queue/free-space.ts";
import type { SessionFeed } from "../sessions/state/feed.ts";
import { nodeConfig } from "./node-config.ts";
import { nodePlan } from "./node-record.ts";
import type { RunnerBuild } from "./runner-options.ts";

export const NODE_CLOCK: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => uptime() * 1000,
};

export interface OneSession {
  readonly plan: PlacedPlan;
  /** Values by the names of the head's variables; in memory alone. Empty once the command has them. */
  readonly variables: Readonly<Record<string, string>>;
  readonly places: Places;
  readonly host: Host;
  readonly pid: number;
  /** Ends this process as SIGKILL does, for failpoints. */
  readonly crash: () => void;
  readonly build: RunnerBuild;
  readonly feed: SessionFeed;
  readonly failpoints: Failpoints;
  readonly log: Logger;
  readonly resources: ReleaseStack;
}

/** Continues the session where its record on this node says that it is: at its beginning, or where a runner left it. */
export async function startOne(one: OneSession): Promise<Intake> {
  const { plan, places, host, pid, build, feed, failpoints, log, resources } = one;
  const clock = NODE_CLOCK;
  const config = nodeConfig(plan, nodePlan(plan).logLimitBytes, places);
  const current = new CurrentConfig(config, new Date(clock.now()).toISOString());
  await makeRuntimeDirectory(places.runtime);
  const events = await openEventFeed({
    ...{ stateDirectory: places.state, now: clock.now, failpoints, log, resources },
    keepMs: () => config.daemon.eventsKeepMs,
    otherFiles: gatewayFilesOf,
  });
  const credentials = { current: one.variables, file: "the credentials of the head" };
  const options = {
    ...build,
    host,
    pid,
    resources,
    retentionWorker: "",
    shippedAgents: "",
    placement: "",
    crash: one.crash,
  };
  const engine = await startEngine(config, places, log, { ...options, ...events });
  const networks = new SessionNetworks({
    ...gatewayFiles(places.runtime),
    script: build.gateway,
    environment: gatewayEnvironment(host.env),
    version: build.version,
    log,
    llm: await SessionLlmAccess.load(places, credentials),
  });
  resources.defer("gateway", () => networks.gateway.stop());
  const limits = { maxSessions: 1, memoryBudgetBytes: undefined, maxSessionsOf: new Map<string, number>() };
  const admission = new Admission(limits);
  const { intake } = await startSessions({
    ...options,
    ...{ current, feed, events, admission, places, engine, credentials, networks, clock, log, failpoints },
    freeSpace: new FreeSpace({
      places: [
        { what: "records", directory: places.auditRoot },
        { what: "clones", directory: places.cache },
      ],
      minFreeBytes: () => config.daemon.minFreeBytes,
      admission,
    }),
    redaction: new SessionRedaction(places.runtime),
    daemon: { pid, version: build.version },
  });
  return intake;
}
