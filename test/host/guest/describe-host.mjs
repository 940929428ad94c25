import { hasSelinux, run, shell } from "./command.mjs";

/** @typedef {import("./operator.mjs").Operator} Operator */

/**
 * What a result depends on.
 *
 * @param {Operator} operator
 * @returns {Promise<Record<string, string>>}
 */
export async function describeHost(operator) {
  const firstLine = async (/** @type {string[]} */ ...words) => (await run(words)).split("\n", 1)[0] ?? "";
  return {
    system: await shell('. /etc/os-release; echo "$PRETTY_NAME"'),
    kernel: await firstLine("uname", "-r"),
    systemd: await firstLine("systemctl", "--version"),
    ...(await describeSelinux()),
    podman: await firstLine("podman", "--version"),
    runtime: await firstLine("crun", "--version"),
    network: await networkProgram(),
    // Not the one that runs this, where the host has two.
    node: await firstLine("node", "--version"),
    git: await firstLine("git", "--version"),
    agentd: await firstLine(operator.agentdProgram, "--version"),
  };
}

async function describeSelinux() {
  if (!(await hasSelinux())) return { selinux: "off" };
  const mode = await run(["getenforce"]);
  return {
    selinux: `${mode}, ${await shell("sed -n 's/^SELINUXTYPE=//p' /etc/selinux/config")}`,
    context: await run(["id", "-Z"]),
  };
}

/** What connects containers of an ordinary user, as Podman chooses it: slirp4netns until Podman 5. */
async function networkProgram() {
  const major = Number(/ (\d+)\./.exec(await run(["podman", "--version"]))?.[1]);
  const name = major < 5 ? "slirp4netns" : "passt";
  return shell("dpkg-query -W -f '${Package} ${Version}' \"$1\"", [name]);
}
