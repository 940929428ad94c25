/**
 * Everything that measurements share: a daemon with a profile, an image, a repository behind http, the bare tools.
 */
import { join } from "node:path";
import { createSandbox } from "../kit/agentd.mjs";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { startGitServer } from "../kit/git-server.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../kit/images.mjs";
import { podman } from "../kit/podman.mjs";
import { makeRepository } from "../kit/repositories.mjs";

/**
 * @typedef {object} Workshop
 * @property {import("../kit/agentd.mjs").Sandbox} sandbox With a daemon that runs.
 * @property {string} image
 * @property {{ url: string, commit: string }} repository
 * @property {string} repositories Directory of the bare repositories that the server serves; for more of them.
 * @property {import("../kit/git-server.mjs").GitServer} server
 * @property {PodmanInfo} podman
 * @property {{ daemon: { max_sessions: number }, profiles: Record<string, string | string[]>[] }} config Of the daemon, for a
 *   measurement that adds to it, and restores it.
 */

/**
 * The part of `podman info` that is used here.
 *
 * @typedef {object} PodmanInfo
 * @property {{ graphDriverName: string }} store
 * @property {{ Version: string }} version
 * @property {object} host
 * @property {{ name: string, version: string }} host.ociRuntime
 * @property {string} [host.rootlessNetworkCmd] Not there before pasta was.
 * @property {string} host.cgroupVersion
 * @property {string} host.cgroupManager
 * @property {Record<"uidmap" | "gidmap", { size: number }[]>} host.idMappings
 */

/** The profile that every measurement may run; its command is `true`. */
export const PROFILE = "bench";
/** Its sessions run until they are stopped. */
export const SLEEPING_PROFILE = "sleep";
/** Its sessions print 100 MB in long lines. */
export const PRINTING_PROFILE = "print";

/** As in `systemd/agentd.service`. */
const VARIABLES_OF_THE_SERVICE = { MALLOC_ARENA_MAX: "2" };

/** More than any measurement runs at once. */
const MAX_SESSIONS = 100;

const PRINT_100_MB = `yes ${"x".repeat(99)} | head -c 100000000`;

/** Files of the repository: as many as a small project has. */
const REPOSITORY_FILES = 50;

/**
 * Sets everything up, lends it out, and removes it whatever happens.
 *
 * @param {(workshop: Workshop) => Promise<void>} use
 */
export async function inWorkshop(use) {
  // Beside Podman's storage, on a real disk: where /tmp is memory, clones and flushes would cost nothing.
  process.env["TMPDIR"] = containersEnvironment().cacheDirectory;
  const sandbox = await createSandbox();
  const repositories = join(sandbox.directory, "repositories");
  const server = await startGitServer(repositories);
  try {
    const commit = await makeRepository(join(repositories, "small.git"), { files: smallProject() });
    const repository = { url: `${server.url}/small.git`, commit };
    const image = await ensureBusyboxImage(sandbox.containers, BUSYBOX);
    const common = { base_image: image, repo: repository.url };
    const config = {
      daemon: { max_sessions: MAX_SESSIONS },
      profiles: [
        { ...common, name: PROFILE, command: ["true"] },
        { ...common, name: SLEEPING_PROFILE, command: ["sleep", "86400"] },
        { ...common, name: PRINTING_PROFILE, command: ["sh", "-c", PRINT_100_MB] },
      ],
    };
    await sandbox.writeConfig(config);
    // As an operator's daemon logs, not as that of a test, and with what its service has.
    await sandbox.startDaemon({ env: { AGENTD_LOG: undefined, ...VARIABLES_OF_THE_SERVICE } });
    const info = JSON.parse(await podman(sandbox.containers, ["info", "--format", "json"]));
    await use({ sandbox, image, repository, repositories, server, podman: info, config });
  } finally {
    await sandbox.close();
    await server.close();
  }
}

/** @returns {import("../kit/files.mjs").Files} */
function smallProject() {
  const numbers = Array.from({ length: REPOSITORY_FILES }, (_, number) => number);
  return Object.fromEntries(numbers.map((number) => [`src/part-${number}.txt`, `${number}\n`.repeat(200)]));
}
