import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasBoltDatabase, removedSettings } from "../../../src/podman/host/next-podman.ts";

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-next-podman-"));
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

describe("what Podman 6 no longer supports", () => {
  it("is found among the settings of containers.conf, and comments are not", async () => {
    const file = join(home, "containers.conf");
    await writeFile(
      file,
      [
        "[network]",
        'network_backend = "cni"',
        '  default_rootless_network_cmd="slirp4netns"',
        '# firewall_driver = "iptables"',
        "[engine]",
        'database_backend = "sqlite"',
        'network_cmd_path = "/usr/local/bin/slirp4netns"',
      ].join("\n"),
    );
    expect(await removedSettings({ CONTAINERS_CONF: file }, home)).toEqual([
      'default_rootless_network_cmd = "slirp4netns"',
      'network_cmd_path = "/usr/local/bin/slirp4netns"',
      'network_backend = "cni"',
    ]);
  });

  it("is not found in the settings that new hosts have", async () => {
    const file = join(home, "containers.conf");
    await writeFile(
      file,
      '[network]\nnetwork_backend = "netavark"\nfirewall_driver = "nftables"\ndefault_rootless_network_cmd = "pasta"\n',
    );
    expect(await removedSettings({ CONTAINERS_CONF: file }, home)).toEqual([]);
  });

  it("is found in the storage, also where another database has taken its place", async () => {
    const storage = { directory: home, configFile: "", mountProgram: undefined };
    expect(await hasBoltDatabase(storage)).toBe(false);
    await mkdir(join(home, "libpod"));
    await writeFile(join(home, "libpod", "bolt_state.db"), "");
    expect(await hasBoltDatabase(storage)).toBe(true);
  });
});
