/**
 * What the doctor says on distributions that no test boots: from the facts that they are known by, as their packages
 * ship them.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readInstall } from "../../../../src/cli/doctor/packages.ts";
import { userNamespacesFinding } from "../../../../src/cli/doctor/user-namespaces.ts";

/** Files of a host, by their paths. */
type Facts = Readonly<Record<string, string>>;

/** /etc/os-release, in the lines that are read. */
const release = (id: string, like?: string): string =>
  `NAME="A system"\nID=${id}\n${like === undefined ? "" : `ID_LIKE=${like}\n`}VERSION_ID="1"\n`;

/** Of the package apparmor in Ubuntu 24.04. */
const UBUNTU_PODMAN_PROFILE = `# This profile allows everything and only exists to give the
# application a name instead of having the label "unconfined"

abi <abi/4.0>,
include <tunables/global>

profile podman /usr/bin/podman flags=(unconfined) {
  userns,

  # Site-specific additions and overrides. See local/README for details.
  include if exists <local/podman>
}
`;

const UBUNTU: Facts = {
  "etc/os-release": release("ubuntu", "debian"),
  "proc/sys/user/max_user_namespaces": "127229\n",
  "proc/sys/kernel/unprivileged_userns_clone": "1\n",
  "proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
  "etc/apparmor.d/podman": UBUNTU_PODMAN_PROFILE,
  "etc/apparmor.d/abstractions/base": "# a directory beside the profiles\n",
  "etc/apparmor.d/usr.sbin.rsyslogd": "profile rsyslogd /usr/sbin/rsyslogd {\n  capability syslog,\n}\n",
};

const FEDORA: Facts = {
  "etc/os-release": release("fedora"),
  "proc/sys/user/max_user_namespaces": "63432\n",
};

const COREOS: Facts = {
  ...FEDORA,
  "etc/os-release": `${release("fedora")}VARIANT_ID=coreos\nOSTREE_VERSION='42.20250705.3.0'\n`,
  "run/ostree-booted": "",
};

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-distribution-"));
});

afterEach(() => rm(root, { recursive: true }));

async function host(facts: Facts): Promise<void> {
  for (const [name, content] of Object.entries(facts)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

async function installs(): Promise<string> {
  const install = await readInstall({
    release: join(root, "etc/os-release"),
    ostree: join(root, "run/ostree-booted"),
  });
  return install("uidmap", "shadow-utils");
}

async function namespaces(podman: string | undefined) {
  return await userNamespacesFinding(podman, {
    sysctls: join(root, "proc/sys"),
    profiles: join(root, "etc/apparmor.d"),
  });
}

describe("the command that installs packages", () => {
  it.each<[string, Facts, string]>([
    [
      "Debian",
      { "etc/os-release": release("debian") },
      "sudo apt-get update && sudo apt-get install -y uidmap",
    ],
    ["Ubuntu", UBUNTU, "sudo apt-get update && sudo apt-get install -y uidmap"],
    [
      "Linux Mint",
      { "etc/os-release": release("linuxmint", '"ubuntu debian"') },
      "sudo apt-get update && sudo apt-get install -y uidmap",
    ],
    ["Fedora", FEDORA, "sudo dnf install -y shadow-utils"],
    [
      "Rocky Linux",
      { "etc/os-release": release('"rocky"', '"rhel centos fedora"') },
      "sudo dnf install -y shadow-utils",
    ],
    ["Fedora CoreOS", COREOS, "sudo rpm-ostree install shadow-utils && sudo systemctl reboot"],
    [
      "Arch Linux",
      { "etc/os-release": release("arch") },
      "install uidmap with this distribution's package manager",
    ],
    ["a host that does not say", {}, "install uidmap with this distribution's package manager"],
  ])("is that of %s", async (_, facts, command) => {
    await host(facts);
    expect(await installs()).toBe(command);
  });
});

describe("user namespaces", () => {
  it("are nothing to speak of on Fedora and CoreOS", async () => {
    await host(COREOS);
    expect(await namespaces("/usr/bin/podman")).toEqual({
      status: "ok",
      summary: "ordinary users can make user namespaces",
      fix: null,
    });
  });

  it("are allowed to Ubuntu's own Podman", async () => {
    await host(UBUNTU);
    expect(await namespaces("/usr/bin/podman")).toEqual({
      status: "ok",
      summary: `AppArmor lets /usr/bin/podman make user namespaces (${join(root, "etc/apparmor.d/podman")})`,
      fix: null,
    });
  });

  it.each([
    ["@{bin}/podman", "/usr/bin/podman"],
    ["/usr/{bin,local/bin}/podman", "/usr/local/bin/podman"],
  ])("are allowed by a profile of %s to %s", async (pattern, podman) => {
    const profile = `profile podman ${pattern} flags=(unconfined) {\n  userns create,\n}\n`;
    await host({ ...UBUNTU, "etc/apparmor.d/podman": profile });
    expect((await namespaces(podman)).status).toBe("ok");
  });

  it.each<[string, string, Facts]>([
    ["that is elsewhere", "/usr/local/bin/podman", {}],
    [
      "whose profile has no such rule",
      "/usr/bin/podman",
      { "etc/apparmor.d/podman": "profile podman /usr/bin/podman {\n  file,\n  # userns,\n}\n" },
    ],
    [
      "of which only a comment speaks",
      "/usr/bin/podman",
      {
        "etc/apparmor.d/podman":
          "# profile podman /usr/bin/podman {\nprofile other /usr/bin/other {\n  userns,\n}\n",
      },
    ],
  ])("are not allowed to a Podman %s, and a profile is given that allows them", async (_, podman, facts) => {
    await host({ ...UBUNTU, ...facts });
    const found = await namespaces(podman);
    expect(found.status).toBe("warning");
    expect(found.summary).toContain(`lets ${podman} make them`);
    const [, text = ""] = /^printf '([^']*)'/.exec(found.fix ?? "") ?? [];
    // What the command writes is a profile that the doctor accepts.
    await host({ "etc/apparmor.d/agentd-podman": text.replaceAll(String.raw`\n`, "\n") });
    expect((await namespaces(podman)).status).toBe("ok");
  });

  it("are left to AppArmor where there is no Podman yet", async () => {
    await host(UBUNTU);
    expect((await namespaces(undefined)).status).toBe("ok");
  });

  it.each<[string, Facts, RegExp]>([
    ["there are none", { "proc/sys/user/max_user_namespaces": "0\n" }, /user\.max_user_namespaces=65536/],
    [
      "only root may make them",
      { "proc/sys/kernel/unprivileged_userns_clone": "0\n" },
      /kernel\.unprivileged_userns_clone=1/,
    ],
  ])("are missing where %s", async (_, facts, fix) => {
    await host({ ...FEDORA, ...facts });
    const found = await namespaces("/usr/bin/podman");
    expect(found.status).toBe("failure");
    expect(found.fix).toMatch(fix);
  });
});
