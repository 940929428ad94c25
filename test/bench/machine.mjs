/**
 * What a figure depends on besides the code.
 */
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { execa } from "execa";

/**
 * @typedef {object} Machine
 * @property {number} cores
 * @property {string} processor
 * @property {number} memory_gib
 * @property {string} kernel
 * @property {string} node
 * @property {string} git
 * @property {string} podman
 * @property {string} runtime The one that starts containers, with its version.
 * @property {string} network What connects a container to the outside.
 * @property {string} storage
 * @property {string} cgroups
 * @property {number} load_average Over the minute before the measurement: above 0, others were at work too.
 */

/**
 * @param {import("./workshop.mjs").PodmanInfo} info
 * @returns {Promise<Machine>}
 */
export async function describeMachine({ host, store, version }) {
  const git = await execa`git --version`;
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    git: git.stdout.replace("git version ", ""),
    podman: version.Version,
    runtime: host.ociRuntime.version.split("\n", 1)[0] ?? host.ociRuntime.name,
    network: host.rootlessNetworkCmd ?? "slirp4netns",
    storage: store.graphDriverName,
    cgroups: `${host.cgroupVersion}, ${host.cgroupManager}`,
    load_average: loadavg()[0] ?? 0,
  };
}
