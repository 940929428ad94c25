import { describe, expect, it } from "vitest";
import { type ContainerRequest, containerSpec } from "../../../src/podman/containers/container-spec.ts";
import { NO_SURROUNDINGS } from "../../../src/podman/containers/container-surroundings.ts";
import { hostOf, MODERN_INFO, OLD_INFO } from "./info.ts";

const modern = hostOf(MODERN_INFO);
const old = hostOf(OLD_INFO);

const CONTAINMENT = { seccompProfile: "/run/agentd/seccomp.json", mostProcesses: 30_000 };

const REQUEST: ContainerRequest = {
  name: "agentd-1",
  image: "0123abcd",
  user: "site-builder",
  home: "/home/site-builder",
  homeFromImage: false,
  workingDirectory: "/home/site-builder/repo",
  argv: ["/bin/sh", "-c", "exec agent"],
  env: { AGENTD_PROFILE: "site-builder" },
  unsetEnv: ["AGENTD_WORK_UNIT"],
  binds: [{ source: "/a b,c", target: "/agentd/methodology", readOnly: true, relabel: "shared" }],
  network: "private",
  logPath: "/records/console.log",
  labels: { "io.agentd.instance": "0123abcd" },
  limits: {},
  surroundings: NO_SURROUNDINGS,
};

describe("the create request of a container", () => {
  it("takes the file system, the home and the label of one that has ended, and keeps no log", () => {
    const { spec } = containerSpec(
      {
        ...REQUEST,
        rootDirectory: "/storage/overlay/1/merged",
        homeVolume: "agentd-1-home",
        logPath: undefined,
        selinuxLevel: "s0:c1,c2",
      },
      modern,
      CONTAINMENT,
    );
    expect(spec).toMatchObject({
      rootfs: "/storage/overlay/1/merged",
      volumes: [{ Name: "agentd-1-home", Dest: REQUEST.home, Options: ["nosuid", "nodev"] }],
      log_configuration: { driver: "none" },
      selinux_opts: ["level:s0:c1,c2"],
      volatile: true,
    });
    expect(spec).not.toHaveProperty("image");
  });

  it("has the file system outlive a power cut where it stays", () => {
    const { spec } = containerSpec({ ...REQUEST, isDurable: true }, modern, CONTAINMENT);
    expect(spec).toMatchObject({ volatile: false });
  });

  it("says everything that matters, whatever the defaults are", () => {
    const ranges = [
      { container_id: 0, host_id: 1, size: 39_000 },
      { container_id: 39_000, host_id: 0, size: 1 },
      { container_id: 39_001, host_id: 39_001, size: 26_536 },
    ];
    expect(containerSpec(REQUEST, modern, CONTAINMENT)).toEqual({
      unenforcedLimits: [],
      spec: {
        name: "agentd-1",
        image: "0123abcd",
        entrypoint: ["/bin/sh"],
        command: ["-c", "exec agent"],
        work_dir: "/home/site-builder/repo",
        env: { AGENTD_PROFILE: "site-builder", HOME: "/home/site-builder" },
        unsetenv: ["AGENTD_WORK_UNIT"],
        stop_signal: 15,
        image_volume_mode: "ignore",
        healthconfig: { Test: ["NONE"] },
        user: "39000:39000",
        passwd_entry: "site-builder:*:39000:39000::/home/site-builder:/bin/sh",
        userns: { nsmode: "private" },
        idmappings: { UIDMap: ranges, GIDMap: ranges },
        privileged: false,
        cap_drop: ["all"],
        read_only_filesystem: false,
        cap_add: [],
        devices: [],
        no_new_privileges: true,
        seccomp_policy: "default",
        seccomp_profile_path: "/run/agentd/seccomp.json",
        pidns: { nsmode: "private" },
        ipcns: { nsmode: "private" },
        utsns: { nsmode: "private" },
        netns: { nsmode: "pasta" },
        httpproxy: false,
        env_host: false,
        umask: "0022",
        resource_limits: { pids: { limit: 2048 } },
        mounts: [
          {
            type: "bind",
            source: "/a b,c",
            destination: "/agentd/methodology",
            options: ["rbind", "rprivate", "nosuid", "nodev", "ro", "z"],
          },
        ],
        volumes: [],
        init: true,
        systemd: "false",
        terminal: false,
        stdin: false,
        remove: false,
        restart_policy: "no",
        volatile: true,
        log_configuration: { driver: "k8s-file", path: "/records/console.log" },
        labels: { "io.agentd.instance": "0123abcd" },
      },
    });
  });

  it("asks for the limits that the host can enforce", () => {
    const limits = { memoryBytes: 512 * 1024 ** 2, cpus: 1.5, pids: 100 };
    expect(containerSpec({ ...REQUEST, limits }, modern, CONTAINMENT)).toMatchObject({
      unenforcedLimits: [],
      spec: {
        resource_limits: {
          memory: { limit: 536_870_912, swap: 536_870_912 },
          cpu: { quota: 150_000, period: 100_000 },
          pids: { limit: 100 },
        },
      },
    });
  });

  it("sets no limit of the user's processes where a control group has one: crun would count all that the user runs", () => {
    const { spec } = containerSpec({ ...REQUEST, limits: { pids: 100 } }, modern, CONTAINMENT);
    expect(modern.countsProcessesByNamespace).toBe(true);
    expect(spec).not.toHaveProperty("r_limits");
  });

  it("leaves out the limits that the host cannot enforce, and names those that were asked for", () => {
    const made = containerSpec({ ...REQUEST, limits: { memoryBytes: 1 } }, old, CONTAINMENT);
    expect(made.unenforcedLimits).toEqual(["memory", "pids"]);
    expect(made.spec["resource_limits"]).toEqual({});
    expect(made.spec).not.toHaveProperty("r_limits");
  });

  it("limits processes without control groups where the kernel counts them by namespace, up to the user's own limit", () => {
    const host = hostOf({ ...OLD_INFO, host: { ...OLD_INFO.host, kernel: "5.14.0-427.el9.x86_64" } });
    const made = containerSpec({ ...REQUEST, limits: { pids: 40_000 } }, host, CONTAINMENT);
    expect(made.unenforcedLimits).toEqual([]);
    expect(made.spec).toMatchObject({
      resource_limits: {},
      r_limits: [{ type: "nproc", hard: 30_000, soft: 30_000 }],
    });
  });

  it("relabels only where SELinux is on", () => {
    const [mount] = containerSpec(REQUEST, old, CONTAINMENT).spec["mounts"] as { options: string[] }[];
    expect(mount?.options).toEqual(["rbind", "rprivate", "nosuid", "nodev", "ro"]);
  });

  it("takes the home from the image as a volume of its own", () => {
    const { spec } = containerSpec({ ...REQUEST, homeFromImage: true }, modern, CONTAINMENT);
    expect(spec["volumes"]).toEqual([
      { Name: `${REQUEST.name}-home`, Dest: "/home/site-builder", Options: ["U", "nosuid", "nodev"] },
    ]);
  });

  it("hands its deadline to conmon in whole seconds, and none without one", () => {
    expect(containerSpec({ ...REQUEST, timeoutSeconds: 1.2 }, modern, CONTAINMENT).spec["timeout"]).toBe(2);
    expect(containerSpec(REQUEST, modern, CONTAINMENT).spec).not.toHaveProperty("timeout");
  });
});
