/**
 * The host's disk, kernel and initrd: built once, kept until what they are made from changes.
 */
import { createHash } from "node:crypto";
import {
  access,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { installNode } from "../nodes/install.mjs";
import { DISK_SIZE, MMDEBSTRAP_OPTIONS, PACKAGES, SELINUX_PACKAGES, SUITES } from "./image/definition.mjs";
import { labelDisk } from "./machine.mjs";

/** @typedef {import("./machine.mjs").Image} Image */

const SOURCES = fileURLToPath(new URL("image", import.meta.url));
const PARTS = { disk: "disk.raw", kernel: "kernel", initrd: "initrd" };
const PACKAGE_LIST = "packages.txt";
const LABELLING_LIMIT_MS = 3_600_000;

/** Where images and the latest run are kept; whatever is in it can be made again. */
export function cacheDirectory() {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "agentd-test-host");
}

/**
 * The image, built when it is not there as defined: a few minutes, and a mirror of Debian.
 *
 * @param {string} suite
 * @param {{ rebuild: () => void }} progress Called when it has to be built.
 * @returns {Promise<Image>}
 */
export async function ensureImage(suite, { rebuild }) {
  const images = join(cacheDirectory(), "images", suite);
  const directory = join(images, await digestOfSources());
  if (!(await exists(directory))) {
    rebuild();
    await rm(images, { recursive: true, force: true }); // Those of earlier definitions.
    await mkdir(images, { recursive: true });
    await build(suite, directory);
  }
  return partsIn(directory, SUITES[suite]?.selinux === true);
}

/** @param {string} suite @param {string} directory Appears once the image is complete. */
async function build(suite, directory) {
  // Not in the cache: root of a user namespace is somebody else, who may not enter the user's home.
  const work = await mkdtemp(join(tmpdir(), "agentd-host-"));
  try {
    await chmod(work, 0o711);
    for (const name of [...Object.values(PARTS), PACKAGE_LIST]) {
      await writeFile(join(work, name), "");
      await chmod(join(work, name), 0o666);
    }
    await cp(SOURCES, join(work, "image"), { recursive: true });
    const { selinux = false, node: version } = SUITES[suite] ?? {};
    if (version !== undefined) await cp(await installNode(version), join(work, "node"));
    await makeDisk(suite, work, selinux ? [...PACKAGES, ...SELINUX_PACKAGES] : PACKAGES);
    if (selinux) {
      await labelDisk(partsIn(work, selinux), {
        consoleLog: join(work, "label.log"),
        timeoutMs: LABELLING_LIMIT_MS,
      });
      await requireLabels(work);
    }
    const complete = `${directory}.new`;
    await rm(complete, { recursive: true, force: true });
    await mkdir(complete);
    await execa("cp", ["--sparse=always", ...filesToKeep(work), complete]);
    await rename(complete, directory);
  } finally {
    await rm(work, { recursive: true });
  }
}

/** @param {string} suite @param {string} work @param {readonly string[]} packages */
async function makeDisk(suite, work, packages) {
  const customize = `sh "${join(work, "image", "customize.sh")}" "$1" "${work}"`;
  const options = [`--include=${packages.join(",")}`, `--customize-hook=${customize}`];
  await execa("mmdebstrap", [...MMDEBSTRAP_OPTIONS, ...options, suite, "/dev/null"], {
    env: { DISK_SIZE },
    stdin: "ignore",
    all: true,
  });
}

/** @param {string} work */
async function requireLabels(work) {
  const log = await readFile(join(work, "label.log"), "utf8");
  if (!log.includes("disk labelled")) throw new Error(`the disk was not labelled: ${log.slice(-2000)}`);
}

/** @param {string} directory */
function filesToKeep(directory) {
  return [...Object.values(PARTS), PACKAGE_LIST].map((name) => join(directory, name));
}

/** @param {string} directory @param {boolean} selinux @returns {Image} */
function partsIn(directory, selinux) {
  return {
    selinux,
    disk: join(directory, PARTS.disk),
    kernel: join(directory, PARTS.kernel),
    initrd: join(directory, PARTS.initrd),
  };
}

async function digestOfSources() {
  const hash = createHash("sha256");
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files.sort()) {
    hash.update(`${relative(SOURCES, file)}\0`).update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 16);
}

/** @param {string} path */
async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
