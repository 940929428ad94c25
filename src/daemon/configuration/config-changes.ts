/** How a new configuration takes effect while the daemon runs, and what has changed. */
import { isDeepStrictEqual } from "node:util";
import type { Result } from "../../api/methods.ts";
import type { Config, DaemonSettings } from "../../config/config.ts";
import type { Profile } from "../../profile/profile.ts";

/** The changes of a configuration against the one before it. */
export type ConfigChanges = Pick<
  Result<"reload">,
  | "profiles_added"
  | "profiles_changed"
  | "profiles_removed"
  | "schedules_changed"
  | "settings_changed"
  | "needs_restart"
>;

/** The settings of the daemon as keys of the file. */
const KEYS: Readonly<Record<keyof DaemonSettings, string>> = {
  auditRoot: "audit_root",
  auditPrivate: "audit_private",
  recordLimitBytes: "record_limit",
  records: "records",
  logLimitBytes: "log_limit",
  pauseMaxMs: "pause_max",
  eventsKeepMs: "events_keep",
  exportLimitBytes: "export_limit",
  keepMaxBytes: "keep_max",
  minFreeBytes: "min_free",
  maxSessions: "max_sessions",
  warm: "warm",
  memoryBudgetBytes: "memory_budget",
  shutdown: "shutdown",
  socketPath: "socket_path",
  podmanSocket: "podman_socket",
};

/** Settings that a running daemon cannot change: it holds them open, or has published them. */
const FIXED = [
  "auditRoot",
  "socketPath",
  "podmanSocket",
] as const satisfies readonly (keyof DaemonSettings)[];

/** The configuration that a running daemon has after reading a new one: what needs a restart stays as it was. */
export function takeOver(before: Config, read: Config): Config {
  const { auditRoot, socketPath, podmanSocket } = before.daemon;
  return Object.freeze({
    ...read,
    placement: before.placement,
    daemon: Object.freeze({ ...read.daemon, auditRoot, socketPath, podmanSocket }),
  });
}

/** @param read as it was read, before `takeOver`. */
export function changesBetween(before: Config, read: Config): ConfigChanges {
  const was = new Map(before.profiles.map((profile) => [profile.name, profile]));
  const is = new Map(read.profiles.map((profile) => [profile.name, profile]));
  const names = [...is.keys(), ...[...was.keys()].filter((name) => !is.has(name))];
  const settings = settingsChanged(before.daemon, read.daemon);
  const isFixed = (setting: keyof DaemonSettings): boolean => FIXED.some((fixed) => fixed === setting);
  return {
    profiles_added: names.filter((name) => !was.has(name)),
    profiles_changed: names.filter((name) => isChanged(was.get(name), is.get(name))),
    profiles_removed: names.filter((name) => !is.has(name)),
    schedules_changed: names.filter(
      (name) => !isDeepStrictEqual(schedulesOf(was.get(name)), schedulesOf(is.get(name))),
    ),
    settings_changed: settings.filter((setting) => !isFixed(setting)).map(keyOf),
    needs_restart: [
      ...settings.filter(isFixed).map(keyOf),
      ...(isDeepStrictEqual(before.placement, read.placement) ? [] : ["placement"]),
    ],
  };
}

function settingsChanged(was: DaemonSettings, is: DaemonSettings): (keyof DaemonSettings)[] {
  return (Object.keys(KEYS) as (keyof DaemonSettings)[]).filter(
    (setting) => !isDeepStrictEqual(was[setting], is[setting]),
  );
}

function keyOf(setting: keyof DaemonSettings): string {
  return `daemon.${KEYS[setting]}`;
}

function isChanged(was: Profile | undefined, is: Profile | undefined): boolean {
  return was !== undefined && is !== undefined && !isDeepStrictEqual(was, is);
}

/** Empty for a profile without a schedule, and for an unknown one. */
function schedulesOf(profile: Profile | undefined) {
  if (profile === undefined) return [];
  const { schedule, schedules, timezone, missed, catchupWindowMs, overlap, jitterMs } = profile;
  if (schedule === undefined) return schedules;
  return [{ schedule, timezone, missed, catchupWindowMs, overlap, jitterMs }, ...schedules];
}
