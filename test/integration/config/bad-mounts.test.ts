import { afterEach, beforeEach, describe, it } from "vitest";
import { ConfigFile, PROFILE } from "../../kit/config-under-test.ts";

let file: ConfigFile;

beforeEach(async () => {
  file = await ConfigFile.create();
});
afterEach(async () => {
  await file.remove();
});

describe("a bad mount", () => {
  it.each([
    ["target", "data", "absolute path"],
    ["target", "", "absolute path"],
    ["target", "/data/", "extra slashes"],
    ["target", "//data", "extra slashes"],
    ["target", "/data/../proc", "must not contain . or .."],
    ["target", "/data/./x", "must not contain . or .."],
    ["target", "/data\nx", "control characters"],
    ["target", "/data\u0000", "control characters"],
    ["target", "/data,ro", "commas"],
    ["target", "/data/*", "wildcards"],
    ["target", "/", "root directory"],
    ["target", "/proc", "belongs to the kernel"],
    ["target", "/sys/fs/cgroup", "belongs to the kernel"],
    ["target", "/dev/shm", "belongs to the kernel"],
    ["target", "/usr", "must not hide /usr/bin, where the image keeps its programs"],
    ["target", "/usr/bin", "must not hide /usr/bin, where the image keeps its programs"],
    ["target", "/usr/lib64", "must not hide /usr/lib64, where the image keeps its programs"],
    ["target", "/bin", "must not hide /bin, where the image keeps its programs"],
    ["target", "/sbin", "must not hide /sbin, where the image keeps its programs"],
    ["target", "/lib", "must not hide /lib, where the image keeps its programs"],
    ["target", "/bin/sh", "must not hide /bin/sh, the shell that starts every session"],
    ["target", "/usr/bin/sh", "must not hide /usr/bin/sh, the shell that starts every session"],
    ["target", "/etc", "must not hide /etc/passwd, which Podman writes for the session's user"],
    ["target", "/etc/passwd", "must not hide /etc/passwd, which Podman writes for the session's user"],
    ["target", "/etc/group", "must not hide /etc/group, which Podman writes for the session's user"],
    ["target", "/run", "must not hide /run/podman-init, the first process of every session"],
    ["target", "/run/podman-init", "must not hide /run/podman-init, the first process of every session"],
    ["target", "/var/run/podman-init", "must not hide /run/podman-init, the first process of every session"],
    [
      "target",
      "/run/.containerenv",
      "must not hide /run/.containerenv, which tells programs that they run in a container",
    ],
    ["target", "/agentd", "agentd reserves"],
    ["target", "/agentd/methodology", "agentd reserves"],
    ["target", "/agentd/gate/x", "agentd reserves"],
    ["target", "/home", "must not hide /home/demo"],
    ["target", "/home/demo", "must not hide /home/demo"],
    ["target", "/home/demo/repo", "/home/demo/repo, which agentd reserves"],
    ["target", "/home/demo/repo/.runa", "/home/demo/repo, which agentd reserves"],
    ["target", "/home/demo/.agentd", "/home/demo/.agentd, which agentd reserves"],
    ["source", "", "not be empty"],
    ["source", "~", "~ is not expanded"],
    ["source", "~ada/x", "~ is not expanded"],
    ["source", "/", "it is the root directory"],
    ["source", "/home", "it contains the home directory (/home/ada)"],
    ["source", "/home/ada", "it is the home directory"],
    ["source", "/home/ada/x/../", "it is the home directory"],
    ["source", "/run", "it contains the runtime directory (/run/user/1234)"],
    ["source", "/run/user/1234", "it is the runtime directory"],
    ["source", "/run/user/1234/podman/podman.sock", "it lies in Podman's runtime directory"],
    ["source", "/run/user/1234/agentd", "it is agentd's runtime directory"],
    ["source", "/run/user/1234/bus", "message bus"],
    ["source", "/home/ada/.local", "it contains agentd's state directory"],
    ["source", "/home/ada/.local/state/agentd/keys", "it lies in agentd's state directory"],
    ["source", "/home/ada/.local/share/containers/storage", "it lies in Podman's storage"],
    ["source", "/home/ada/.local/state/tesserine/audit", "the records of all sessions"],
    ["source", "/home/ada/.cache/agentd/repos", "it lies in agentd's cache"],
    ["source", "/proc/1", "it lies in the kernel's view"],
    ["source", "/dev", "it is the devices"],
    ["source", "/run/podman/podman.sock", "it lies in the directory of the system's Podman socket"],
    ["source", "/var/run/docker.sock", "it is the system's Docker socket"],
    ["source", "/var/lib", "it contains the system's container storage (/var/lib/containers)"],
    ["read_only", 1, "must be true or false"],
    ["relabel", "z", '"none", "shared", "private"'],
  ])("is refused for its %s %j", async (key, value, rule) => {
    const mount = { source: "/srv/data", target: "/data", [key]: value };
    const toml = Object.entries(mount).map(([name, given]) => `${name} = ${JSON.stringify(given)}`);
    await file.expectOneProblem([PROFILE, "[[profiles.mounts]]", ...toml].join("\n"), {
      path: `profiles[0].mounts[0].${key}`,
      value: JSON.stringify(value),
      rule,
      line: 7 + Object.keys(mount).indexOf(key),
    });
  });

  it.each(["/etc/ssl", "/usr/share/x", "/srv", "/data", "/home/bob", "/var/www"])(
    "is refused for changing the labels of %s",
    async (source) => {
      const mount = `{ source = "${source}", target = "/data", relabel = "private" }`;
      await file.expectOneProblem(`${PROFILE}mounts = [${mount}]`, {
        path: "profiles[0].mounts[0].relabel",
        value: '"private"',
        rule: "SELinux labels",
        line: 5,
      });
    },
  );

  it.each([
    ["/data", "/data", "has this target"],
    ["/data", "/data/deeper", "overlaps with the mount at /data"],
    ["/data/deeper", "/data", "overlaps with the mount at /data/deeper"],
  ])("is refused at %s beside %s", async (first, second, rule) => {
    const mounts = [first, second].map((target) => `[[profiles.mounts]]\nsource = "x"\ntarget = "${target}"`);
    await file.expectOneProblem([PROFILE, ...mounts].join("\n"), {
      path: "profiles[0].mounts[1].target",
      value: JSON.stringify(second),
      rule,
      line: 11,
    });
  });

  it.each([
    ["audit_root", "/srv/audit", "/srv", "records of all sessions"],
    ["audit_root", "audit", "audit/demo", "records of all sessions"],
    ["podman_socket", "/srv/podman.sock", "/srv/podman.sock", "Podman's socket"],
    ["socket_path", "/srv/run/agentd.sock", "/srv/run", "agentd's socket"],
  ])("is refused for a source that %s = %j protects: %s", async (key, path, source, rule) => {
    const mount = `[[profiles.mounts]]\nsource = "${source}"\ntarget = "/data"`;
    await file.expectOneProblem(`[daemon]\n${key} = "${path}"\n${PROFILE}\n${mount}`, {
      path: "profiles[0].mounts[0].source",
      value: JSON.stringify(source),
      rule,
      line: 9,
    });
  });
});
