import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort } from "../../kit/free-ports.mjs";
import { podman } from "../../kit/podman.mjs";
import { processesWith, signalProcessesWith } from "../../kit/processes.mjs";
import { until } from "../../kit/until.mjs";
import type { Topic } from "./topic.ts";

interface Status {
  readonly pid: number;
  readonly state: string;
  readonly engine: Readonly<Record<string, unknown>>;
}

/** Of `podman info --format json`. */
interface PodmanInfo {
  readonly version: { readonly Version: string };
  readonly host: {
    readonly ociRuntime: { readonly name: string };
    readonly cgroupVersion: string;
    readonly security: { readonly selinuxEnabled: boolean };
  };
  readonly store: { readonly graphDriverName: string };
}

/** The daemon's own life, and the Podman service under it. */
export const DAEMON: Topic = [
  {
    pattern: "agentd web runs",
    run: async (world) => {
      world.webKeys["listen"] = `127.0.0.1:${await freePort()}`;
      const web = await world.start("agentd web");
      await until("agentd web", () => Promise.resolve(web.stderr.includes("agentd web ready")));
    },
  },
  {
    pattern: "the daemon gets SIGTERM",
    run: async (world) => {
      world.spoilt = true;
      (await world.daemon()).daemon.signal("SIGTERM");
    },
  },
  {
    pattern: "the daemon is draining",
    run: async (world) => {
      const { sandbox } = await world.daemon();
      const isDraining = async () =>
        ((await sandbox.runJson(["status", "--json"])) as Status).state === "draining";
      await until("the drain", isDraining);
    },
  },
  {
    pattern: "the daemon ends with {int}",
    run: async (world, code: number) => expect(await (await world.daemon()).daemon.exited).toBe(code),
  },
  {
    pattern: "the daemon is killed",
    run: async (world) => {
      world.spoilt = true;
      await (await world.daemon()).daemon.kill();
    },
  },
  {
    pattern: "the daemon is started again",
    run: async (world) => {
      await world.startDaemonAgain();
    },
  },
  {
    // The marker of this boot lies where a boot clears it.
    pattern: "the host was restarted meanwhile",
    run: async (world) => {
      const { sandbox, instance } = await world.daemon();
      await rm(join(sandbox.runtimeDirectory(instance), "boot"));
    },
  },
  {
    pattern: "no process of the daemon is left",
    run: async (world) =>
      expect(await processesWith(`/agentd/${(await world.daemon()).instance}/`)).toEqual([]),
  },
  {
    pattern: "the daemon has been ended by the signal",
    run: async (world) => expect(await (await world.daemon()).daemon.exited).toBeUndefined(),
  },
  {
    pattern: "the daemon's Podman service is killed",
    run: async (world) => {
      const { instance } = await world.daemon();
      const killed = await signalProcessesWith(`/agentd/${instance}/podman.sock`, "SIGKILL");
      expect(killed).not.toEqual([]);
    },
  },
  {
    pattern: "its stderr says {string} and the daemon's pid",
    run: async (world, text: string) => {
      const stderr = world.command.stderr.toString();
      expect(stderr).toContain(text);
      expect(stderr).toContain(`pid ${(await world.daemon()).daemon.pid}`);
    },
  },
  {
    pattern: "the JSON on its stdout names the daemon's pid",
    run: async (world) => {
      const { pid } = JSON.parse(world.command.stdout.toString()) as Status;
      expect(pid).toBe((await world.daemon()).daemon.pid);
    },
  },
  {
    pattern: "the engine it shows is the one that podman info shows",
    run: async (world) => {
      const { sandbox } = await world.daemon();
      const { engine } = JSON.parse(world.command.stdout.toString()) as Status;
      const { version, host, store } = JSON.parse(
        await podman(sandbox.containers, ["info", "--format", "json"]),
      ) as PodmanInfo;
      expect(engine).toMatchObject({
        version: version.Version,
        runtime: host.ociRuntime.name,
        cgroup_version: host.cgroupVersion,
        selinux: host.security.selinuxEnabled,
        storage_driver: store.graphDriverName,
      });
    },
  },
];
