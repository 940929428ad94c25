/** The configuration of a runner: what its head has said, and no profile that could be run besides. */
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Places } from "../daemon/places.ts";
import type { PlacedPlan } from "../placement/placed-plan.ts";

/** For a single pause, which nobody can order from another machine. */
const NO_PAUSE_MS = 0;
const EVENTS_KEEP_MS = 24 * 60 * 60 * 1000;

export function nodeConfig({ limits }: PlacedPlan, logLimitBytes: number, places: Places): Config {
  return {
    file: join(places.state, "no-configuration"),
    daemon: {
      auditRoot: places.auditRoot,
      auditPrivate: true,
      recordLimitBytes: limits.record_bytes,
      exportLimitBytes: limits.export_bytes,
      minFreeBytes: limits.min_free_bytes,
      records: undefined,
      logLimitBytes,
      pauseMaxMs: NO_PAUSE_MS,
      eventsKeepMs: EVENTS_KEEP_MS,
      keepMaxBytes: 0,
      socketPath: places.socketPath,
      warm: 0,
      maxSessions: 1,
      memoryBudgetBytes: undefined,
      shutdown: "detach",
      podmanSocket: undefined,
    },
    profiles: [],
    llm: { providers: [], prices: [] },
    web: {
      listen: { host: "127.0.0.1", port: 0 },
      allowedHosts: [],
      tokenFile: undefined,
      metricsListen: undefined,
      tls: undefined,
      readOnly: true,
    },
    notify: [],
    sinks: [],
    placement: undefined,
  };
}
