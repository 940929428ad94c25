import { describe, expect, it } from "vitest";
import type { Config } from "../../../src/config/config.ts";
import { toConfig } from "../../../src/config/config.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { changesBetween, takeOver } from "../../../src/daemon/configuration/config-changes.ts";

type Keys = Readonly<Record<string, unknown>>;

function config(daemon: Keys, ...profiles: readonly Keys[]): Config {
  const whole = profiles.map((profile) => ({
    base_image: "demo",
    command: ["true"],
    repo: "/srv/x",
    ...profile,
  }));
  return toConfig("/etc/agentd.toml", configSchema({ cores: 2 }).parse({ daemon, profiles: whole }));
}

const NOTHING = {
  profiles_added: [],
  profiles_changed: [],
  profiles_removed: [],
  schedules_changed: [],
  settings_changed: [],
  needs_restart: [],
};

const BEFORE = config({}, { name: "a", schedule: "0 3 * * *" }, { name: "b" });

describe("what a configuration changes", () => {
  it.each<[what: string, after: Config, changes: object]>([
    ["the same", config({}, { name: "a", schedule: "0 3 * * *" }, { name: "b" }), {}],
    ["another order", config({}, { name: "b" }, { name: "a", schedule: "0 3 * * *" }), {}],
    [
      "profiles that come and go",
      config({}, { name: "b" }, { name: "c" }),
      { profiles_added: ["c"], profiles_removed: ["a"], schedules_changed: ["a"] },
    ],
    [
      "a profile's command",
      config({}, { name: "a", schedule: "0 3 * * *", command: ["false"] }, { name: "b" }),
      { profiles_changed: ["a"] },
    ],
    [
      "an end of one schedule and a begin of another",
      config({}, { name: "a" }, { name: "b", schedule: "0 4 * * *" }),
      { profiles_changed: ["a", "b"], schedules_changed: ["a", "b"] },
    ],
    [
      "how a schedule treats overlap",
      config({}, { name: "a", schedule: "0 3 * * *", overlap: "skip" }, { name: "b" }),
      { profiles_changed: ["a"], schedules_changed: ["a"] },
    ],
    [
      "settings of the daemon",
      config(
        { max_sessions: 7, log_limit: "1m", socket_path: "/x" },
        { name: "a", schedule: "0 3 * * *" },
        { name: "b" },
      ),
      {
        settings_changed: ["daemon.log_limit", "daemon.max_sessions"],
        needs_restart: ["daemon.socket_path"],
      },
    ],
  ])("is told: %s", (_what, after, changes) => {
    expect(changesBetween(BEFORE, after)).toEqual({ ...NOTHING, ...changes });
  });

  it("is told again as long as it needs a restart, which keeps its old value", () => {
    const read = config(
      { audit_root: "/new", podman_socket: "/p", socket_path: "/s", max_sessions: 9 },
      { name: "a" },
    );
    const taken = takeOver(BEFORE, read);
    expect(taken).toEqual({
      ...read,
      daemon: { ...read.daemon, auditRoot: undefined, podmanSocket: undefined, socketPath: undefined },
    });
    expect(changesBetween(taken, read).needs_restart).toEqual([
      "daemon.audit_root",
      "daemon.socket_path",
      "daemon.podman_socket",
    ]);
  });
});
