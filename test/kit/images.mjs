/**
 * Container images made without a registry: from this machine's busybox, and from Debian's packages.
 */
import { createHash } from "node:crypto";
import { access, chmod, copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { lock } from "proper-lockfile";
import { writeFiles } from "./files.mjs";
import { openUserNamespace } from "./user-namespace.mjs";

/** @typedef {import("./containers-environment.mjs").ContainersEnvironment} ContainersEnvironment */
/** @typedef {import("./files.mjs").Files} Files */

/**
 * @typedef {object} ImageDefinition
 * @property {string} name The image is called `localhost/agentd-test/<name>`.
 * @property {Files} [files] Laid over what every busybox image has.
 * @property {string[]} [changes] Lines of a Containerfile, such as `ENTRYPOINT ["/bin/false"]`.
 */

const DIGEST_LABEL = "io.agentd.test.digest";

const ROOT_ONLY = "root:x:0:0:root:/root:/bin/sh\n";

/** What every busybox image has besides busybox. @type {Files} */
const BASE_FILES = {
  "etc/passwd": ROOT_ONLY,
  "etc/group": "root:x:0:\n",
};

/** Nothing but busybox: `/bin/sh` and its applets. @type {ImageDefinition} */
export const BUSYBOX = { name: "busybox" };

/** As images often have it, a user at uid 1000 with a home of its own. @type {ImageDefinition} */
export const USER_1000 = {
  name: "user1000",
  files: {
    "etc/passwd": `${ROOT_ONLY}ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/sh\n`,
    "etc/group": "root:x:0:\nubuntu:x:1000:\n",
    "home/ubuntu/.profile": "PATH=$HOME/bin:$PATH\n",
  },
};

const DEBIAN_SUITE = "bookworm";
/** Beside these, dash and bash are in it. */
const GIT_PACKAGES = ["git", "ca-certificates"];
/** With these, agents install things. */
const TOOL_PACKAGES = [...GIT_PACKAGES, "curl", "wget", "nodejs", "npm", "python3-pip", "golang-go"];
/** What a host needs to run agentd, with apt, and service managers other than systemd. */
const HOST_SUITE = "trixie";
const HOST_PACKAGES = [
  ...["apt", "podman", "uidmap", "passt", "netavark", "aardvark-dns", "catatonit", "crun", "runc"],
  ...[...GIT_PACKAGES, "nodejs", "openssh-client", "libcap2-bin", "procps", "runit", "openrc"],
];
const DEBIAN_OPTIONS = [
  "--mode=unshare",
  "--variant=essential",
  '--aptopt=APT::Install-Recommends "false"',
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "--dpkgopt=path-exclude=/usr/share/man/*",
];

/**
 * The full name of an image of this kit.
 *
 * @param {Pick<ImageDefinition, "name">} definition
 */
export function imageReference(definition) {
  return `localhost/agentd-test/${definition.name}:latest`;
}

/**
 * Makes a busybox image, unless it is there as defined. Takes about a second.
 *
 * @param {ContainersEnvironment} environment
 * @param {ImageDefinition} definition
 * @returns {Promise<string>} Its reference.
 */
export async function ensureBusyboxImage(environment, definition) {
  const digest = digestOf([BASE_FILES, definition]);
  return ensureImage(environment, definition, digest, (tar) => makeBusyboxTar(tar, definition.files));
}

/**
 * Writes the tar that a busybox image is imported from.
 *
 * @param {string} tar
 * @param {Files} [files] Laid over what every busybox image has.
 */
export async function makeBusyboxTar(tar, files) {
  const root = await mkdtemp(join(tmpdir(), "agentd-image-"));
  try {
    // Not only overlay, which does that itself, is to let every user of the image in.
    await chmod(root, 0o755);
    await layOutBusybox(root);
    await writeFiles(root, { ...BASE_FILES, ...files });
    await execa("tar", ["-C", root, "--owner=0", "--group=0", "--numeric-owner", "-cf", tar, "."]);
  } finally {
    await rm(root, { recursive: true });
  }
}

/**
 * Makes an image with git, dash and bash from Debian's packages, unless it is there. The first time takes half a
 * minute and needs `mmdebstrap` and a mirror; afterwards the tar in the cache is enough.
 *
 * @param {ContainersEnvironment} environment
 * @returns {Promise<string>} Its reference.
 */
export async function ensureDebianGitImage(environment) {
  return ensureDebianImage(environment, "debian-git", GIT_PACKAGES);
}

/**
 * As `ensureDebianGitImage`, with curl, wget, npm, pip and go besides. The first time takes minutes.
 *
 * @param {ContainersEnvironment} environment
 * @returns {Promise<string>} Its reference.
 */
export async function ensureDebianToolsImage(environment) {
  return ensureDebianImage(environment, "debian-tools", TOOL_PACKAGES);
}

/**
 * A Debian 13 in which agentd can be installed and run as on a host, without systemd. The first time takes two minutes.
 *
 * @param {ContainersEnvironment} environment
 * @returns {Promise<string>} Its reference.
 */
export async function ensureDebianHostImage(environment) {
  return ensureDebianImage(environment, "debian-host", HOST_PACKAGES, HOST_SUITE);
}

/**
 * @param {ContainersEnvironment} environment
 * @param {string} name
 * @param {readonly string[]} packages
 * @param {string} [suite]
 */
async function ensureDebianImage(environment, name, packages, suite = DEBIAN_SUITE) {
  const options = [...DEBIAN_OPTIONS, `--include=${packages.join(",")}`];
  const digest = digestOf([suite, options]);
  const kept = join(environment.cacheDirectory, `${name}-${digest.slice(0, 16)}.tar`);
  return ensureImage(environment, { name }, digest, async (tar) => {
    if (!(await exists(kept))) {
      await execa("mmdebstrap", [...options, "--quiet", suite, `${kept}.new.tar`]);
      await rename(`${kept}.new.tar`, kept);
    }
    await copyFile(kept, tar);
  });
}

/**
 * @param {ContainersEnvironment} environment
 * @param {ImageDefinition} definition
 * @param {string} digest Of everything the image is made from.
 * @param {(tar: string) => Promise<void>} makeTar Writes the image's files to the path given.
 */
async function ensureImage(environment, definition, digest, makeTar) {
  const reference = imageReference(definition);
  const podman = execa({ env: environment.variables });
  const isThere = async () => {
    const format = `{{index .Config.Labels "${DIGEST_LABEL}"}}`;
    const found = await podman({ reject: false })`podman image inspect --format ${format} ${reference}`;
    return found.stdout === digest;
  };
  if (await isThere()) return reference;
  await openUserNamespace(environment.variables);
  const release = await lock(environment.cacheDirectory, {
    lockfilePath: join(environment.cacheDirectory, "images.lock"),
    // On a busy machine the holder may be late in renewing it.
    stale: 60_000,
    retries: { retries: 600, minTimeout: 500, maxTimeout: 500 },
  });
  try {
    if (await isThere()) return reference;
    const tar = join(environment.cacheDirectory, `${definition.name}.tar`);
    await makeTar(tar);
    const changes = [`LABEL ${DIGEST_LABEL}=${digest}`, ...(definition.changes ?? [])];
    const options = changes.flatMap((change) => ["--change", change]);
    await podman`podman import --quiet ${options} ${tar} ${reference}`;
    await rm(tar);
    return reference;
  } finally {
    await release();
  }
}

/** @param {string} root */
async function layOutBusybox(root) {
  const busybox = await findBusybox();
  const directories = ["bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr", "var"];
  for (const directory of directories) await mkdir(join(root, directory));
  await chmod(join(root, "tmp"), 0o1777);
  await copyFile(busybox, join(root, "bin/busybox"));
  const { stdout } = await execa(busybox, ["--list"]);
  const applets = stdout.split("\n").filter((applet) => applet !== "busybox");
  await writeFiles(
    root,
    Object.fromEntries(applets.map((applet) => [`bin/${applet}`, { linkTo: "busybox" }])),
  );
}

async function findBusybox() {
  const { stdout } = await execa({ shell: true, reject: false })`command -v busybox`;
  if (stdout === "") throw new Error("busybox is missing: run `sh test/machine/check.sh`");
  return stdout;
}

/** @param {unknown} definition */
function digestOf(definition) {
  return createHash("sha256").update(JSON.stringify(definition)).digest("hex");
}

/** @param {string} path */
async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
