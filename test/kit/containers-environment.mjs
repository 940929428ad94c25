/**
 * A rootless Podman of the tests' own: its storage, its runtime directory and its configuration lie apart from the
 * user's, whose files are neither read nor written. All tests, the quickstart and the benchmark of one user share it.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { access, chmod, lstat, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

const NAME = "agentd-test";

/**
 * @typedef {object} ContainersEnvironment
 * @property {string} runtimeDirectory Becomes `XDG_RUNTIME_DIR`. Short, because sockets lie in it.
 * @property {string} cacheDirectory Images and storage; whatever is in it can be made again.
 * @property {{ XDG_RUNTIME_DIR: string, CONTAINERS_CONF: string, CONTAINERS_STORAGE_CONF: string }} variables
 *   What a process needs in its environment to use this Podman.
 */

/**
 * Where everything lies. The paths depend on the user alone and never change: Podman refuses a storage whose
 * directories have moved. Pure: `prepareContainersEnvironment` makes the files.
 *
 * @returns {ContainersEnvironment}
 */
export function containersEnvironment() {
  const loginDirectory = runtimeDirectoryOfLogin();
  const hasLogin = existsSync(loginDirectory);
  const runtimeDirectory = hasLogin ? join(loginDirectory, NAME) : join("/tmp", `${NAME}-${userId()}`);
  const cacheDirectory = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), NAME);
  return {
    runtimeDirectory,
    cacheDirectory,
    variables: {
      XDG_RUNTIME_DIR: runtimeDirectory,
      CONTAINERS_CONF: join(runtimeDirectory, "containers.conf"),
      CONTAINERS_STORAGE_CONF: join(runtimeDirectory, "storage.conf"),
    },
  };
}

/**
 * Makes the directories and writes the configuration files. Safe to call again and from several processes.
 *
 * @returns {Promise<ContainersEnvironment>}
 */
export async function prepareContainersEnvironment() {
  if (userId() === 0)
    throw new Error("this needs an ordinary user: start it through test/machine/as-ordinary-user.sh");
  const environment = containersEnvironment();
  const { runtimeDirectory, cacheDirectory, variables } = environment;
  await createPrivateDirectory(runtimeDirectory);
  await mkdir(cacheDirectory, { recursive: true });
  await linkSessionBus(runtimeDirectory);
  await replaceFile(variables.CONTAINERS_CONF, await containersConf(environment));
  await replaceFile(variables.CONTAINERS_STORAGE_CONF, storageConf(environment));
  return environment;
}

function userId() {
  const uid = process.getuid?.();
  if (uid === undefined) throw new Error("rootless Podman is for Linux");
  return uid;
}

function runtimeDirectoryOfLogin() {
  return `/run/user/${userId()}`;
}

/** @param {string} directory */
async function createPrivateDirectory(directory) {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(directory);
  if (uid !== userId()) throw new Error(`${directory} belongs to user ${uid}: remove it`);
  await chmod(directory, 0o700);
}

/** Podman looks for systemd's bus in its runtime directory. @param {string} runtimeDirectory */
async function linkSessionBus(runtimeDirectory) {
  if (!(await exists(sessionBus()))) return;
  await symlink(sessionBus(), join(runtimeDirectory, "bus")).catch(unlessItExists);
}

/** In one step, because other processes may be reading. @param {string} path @param {string} content */
async function replaceFile(path, content) {
  const newPath = `${path}.${randomUUID()}`;
  await writeFile(newPath, content);
  await rename(newPath, path);
}

/** @param {NodeJS.ErrnoException} error */
function unlessItExists(error) {
  if (error.code !== "EEXIST") throw error;
}

function sessionBus() {
  return join(runtimeDirectoryOfLogin(), "bus");
}

/**
 * Where Podman keeps its database has to be said besides the storage, or it finds the user's own, which overrules both.
 *
 * @param {ContainersEnvironment} environment
 */
async function containersConf(environment) {
  const graphRoot = graphRootOf(environment);
  const lines = [
    "[engine]",
    `static_dir = "${join(graphRoot, "libpod")}"`,
    `volume_path = "${join(graphRoot, "volumes")}"`,
    `tmp_dir = "${join(environment.runtimeDirectory, "libpod", "tmp")}"`,
  ];
  const unifiedCgroups = await exists("/sys/fs/cgroup/cgroup.controllers");
  if (!unifiedCgroups) lines.push('runtime = "runc"');
  if (!unifiedCgroups || !(await exists(sessionBus()))) {
    lines.push('cgroup_manager = "cgroupfs"', 'events_logger = "file"');
  }
  return lines.join("\n") + "\n";
}

/**
 * The storage is named twice, because Podman 4.3 ignores a rootless `graphroot` and newer ones need it. The run root
 * is the one that 4.3 insists on.
 *
 * @param {ContainersEnvironment} environment
 */
function storageConf(environment) {
  const lines = [
    "[storage]",
    'driver = "overlay"',
    `graphroot = "${graphRootOf(environment)}"`,
    `rootless_storage_path = "${graphRootOf(environment)}"`,
    `runroot = "${join(environment.runtimeDirectory, "containers")}"`,
  ];
  return lines.join("\n") + "\n";
}

/**
 * One storage per runtime directory: Podman ties the two together for good.
 *
 * @param {ContainersEnvironment} environment
 */
function graphRootOf({ runtimeDirectory, cacheDirectory }) {
  return join(cacheDirectory, "storage", runtimeDirectory.slice(1).replaceAll("/", "-"));
}

/** @param {string} path */
async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
