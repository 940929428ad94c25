/**
 * agentd on a host without systemd: its daemon under runit and under OpenRC, with the scripts of `examples`, as a user
 * with a Podman of its own. The host is a container of Debian 13; its sessions run in containers within.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../kit/until.mjs";
import { BareHost } from "./bare-host.ts";

/** How an operator uses a service manager. */
interface Manager {
  readonly install: string;
  readonly start: string;
  readonly restart: string;
  readonly stop: string;
  /** Where the daemon's messages are. */
  readonly log: string;
}

/** What a boot with OpenRC makes. */
const OPENRC_BOOTED = ["daemons", "exclusive", "failed", "inactive", "init.d", "options"]
  .concat("scheduled", "started", "starting", "stopping", "tmp", "wasinactive")
  .map((name) => `/run/openrc/${name}`);

const MANAGERS: Readonly<Record<string, Manager>> = {
  runit: {
    install:
      "cp -r /usr/lib/agentd/examples/runit /etc/sv/agentd && chmod 0755 /etc/sv/agentd/run /etc/sv/agentd/log/run && " +
      "touch /etc/sv/agentd/down && ln -s /etc/sv/agentd /etc/service/agentd && " +
      // runit looks for new services every five seconds.
      "timeout 60 sh -c 'until [ -p /etc/service/agentd/supervise/ok ]; do sleep 0.1; done'",
    start: "sv -w 60 start agentd",
    restart: "sv -w 60 restart agentd",
    stop: "sv -w 60 stop agentd",
    log: "/var/log/agentd/current",
  },
  OpenRC: {
    install:
      "cp /usr/lib/agentd/examples/openrc/agentd /etc/init.d/agentd && chmod 0755 /etc/init.d/agentd && " +
      `mkdir -p ${OPENRC_BOOTED.join(" ")} && touch /run/openrc/softlevel`,
    start: "rc-service agentd start",
    restart: "rc-service agentd restart",
    stop: "rc-service agentd stop",
    log: "/var/log/agentd.log",
  },
};

const CONFIG = `
[[profiles]]
name = "demo"
base_image = "localhost/demo"
workspace = "empty"
command = ["/bin/sh", "-c", "id -u; wget -q -O - http://127.0.0.1:1/ || echo no server; echo done"]

[[profiles]]
name = "long"
base_image = "localhost/demo"
workspace = "empty"
command = ["/bin/sh", "-c", "until [ -e go-on ]; do sleep 0.1; done; echo went on"]

[[profiles]]
name = "closed"
base_image = "localhost/demo"
workspace = "empty"
network = "allowlist"
allow = []
command = ["/bin/sh", "-c", "ip -o link | wc -l"]
`;

describe.each(Object.entries(MANAGERS))("a host with %s", (_, manager) => {
  let host: BareHost;
  beforeAll(async () => {
    host = await BareHost.start({ config: CONFIG });
    await host.root(manager.install);
  });
  afterAll(async () => {
    await host.close();
  });

  const ready = async (times: number): Promise<void> => {
    const isReady = `[ "$(grep -c "daemon ready" ${manager.log})" -ge ${times} ]`;
    await until("the daemon to be ready", async () => (await host.tryAsRoot(isReady)).exitCode === 0);
  };

  it("is told what to do instead of agentd service install, and where the scripts are", async () => {
    const { exitCode, stderr } = await host.user("agentd service install");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("service_manager_missing");
    const [, examples = ""] = /(\S+) has scripts for runit and OpenRC/.exec(stderr) ?? [];
    expect((await host.root(`ls ${examples}`)).stdout.split("\n")).toEqual(
      expect.arrayContaining(["openrc", "runit"]),
    );
  });

  it("has what sessions need, and the doctor says so", async () => {
    await host.root(manager.start);
    await ready(1);
    const { stdout } = await host.user("agentd doctor --json");
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; summary: string }[] };
    expect(checks.filter(({ status }) => status === "failure")).toEqual([]);
    expect(checks.find(({ name }) => name === "lingering")?.summary).toMatch(/not booted with systemd/);
    expect(checks.find(({ name }) => name === "runtime_directory")?.status).toBe("ok");
  });

  it("runs sessions, whose records verify", async () => {
    const run = await host.user("agentd run demo");
    expect(run).toMatchObject({ exitCode: 0, stdout: "39000\nno server\ndone" });
    expect(await host.user("agentd run closed")).toMatchObject({ exitCode: 0, stdout: "1" });
    expect((await host.user("agentd audit verify --all")).exitCode).toBe(0);
  });

  it("keeps a session through a restart of the daemon, and through a stop and a start", async () => {
    const { stdout: id } = await host.user("agentd run --detach long");
    await until("the session to run", async () => (await host.user("agentd ps")).stdout.includes("running"));
    await host.root(manager.restart);
    await ready(2);
    await host.root(manager.stop);
    expect((await host.user("agentd ps")).stderr).toContain("daemon_not_running");
    await host.root(manager.start);
    await ready(3);
    expect((await host.user(`agentd exec ${id} -- touch go-on`)).exitCode).toBe(0);
    expect((await host.user(`agentd wait ${id}`)).exitCode).toBe(0);
    expect((await host.user(`agentd logs ${id}`)).stdout).toBe("went on");
  });

  it("stops the daemon, with its Podman service, and leaves no container", async () => {
    await host.root(manager.stop);
    const { stdout } = await host.root("ps -eo args");
    expect(stdout).not.toMatch(/agentd daemon|podman system service/);
    expect((await host.user("podman ps --all --quiet")).stdout).toBe("");
  });
});

it("the scripts for other service managers name what is in the documentation", async () => {
  for (const path of ["runit/run", "openrc/agentd"]) {
    const text = await readFile(new URL(`../../examples/${path}`, import.meta.url), "utf8");
    expect(text).toContain('docs/host.md, "Without systemd"');
  }
});
