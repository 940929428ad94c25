/** The package for Debian and Ubuntu: what the tarball for npm has, where the system expects it. */
import {
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";

/** Of the programs that sessions and the service need. docs/host.md has the reasons. */
const DEPENDS = [
  "podman (>= 4.3)",
  "uidmap",
  "passt | slirp4netns",
  "catatonit",
  "git",
  "nodejs (>= 20.19)",
  "coreutils",
  "util-linux",
];
/** For images of agents. */
const RECOMMENDS = ["npm", "mmdebstrap", "dbus-user-session"];

const DESCRIPTION = `runs autonomous coding agents unattended in rootless containers
 A daemon that runs coding agents, such as codex, claude and gemini, on a
 schedule or on request. Every session is one ephemeral, rootless Podman
 container with a fresh clone, and leaves its commits, a patch and a sealed,
 signed record.
 .
 It needs Node.js 20.19 or newer. Debian 12 has Node.js 18: install the package
 nodejs of a newer release from https://deb.nodesource.com first.
 .
 Start with: agentd init`;

const PACKAGE = "usr/lib/agentd";
const DOCUMENTATION = "usr/share/doc/agentd";
const MANUAL = "usr/share/man/man1";
const UNITS = "usr/lib/systemd/user";
/** Where each shell looks for completions by itself. */
const COMPLETIONS = {
  bash: "usr/share/bash-completion/completions/agentd",
  zsh: "usr/share/zsh/vendor-completions/_agentd",
  fish: "usr/share/fish/vendor_completions.d/agentd.fish",
};

/**
 * Makes the package from npm's tarball.
 *
 * @param {object} options
 * @param {string} options.tarball
 * @param {string} options.out The directory that it is written to.
 * @param {string | undefined} options.maintainer As `Name <address>`; default: the author of package.json.
 * @returns {Promise<string>} Its path.
 */
export async function makeDebianPackage({ tarball, out, maintainer }) {
  const root = await mkdtemp(join(tmpdir(), "agentd-deb-"));
  try {
    const version = await layOut(root, tarball, maintainer);
    // Modes as Debian wants them, whatever the umask.
    await execa("chmod", ["--recursive", "a=rX,u+w", root]);
    const path = join(out, `agentd_${version}_all.deb`);
    await execa("dpkg-deb", ["--root-owner-group", "-Zxz", "--build", root, path]);
    return path;
  } finally {
    await rm(root, { recursive: true });
  }
}

/**
 * @param {string} root
 * @param {string} tarball
 * @param {string | undefined} maintainer
 * @returns {Promise<string>} The version, as Debian writes it.
 */
async function layOut(root, tarball, maintainer) {
  const installed = join(root, PACKAGE);
  await mkdir(installed, { recursive: true });
  await execa("tar", ["-C", installed, "--strip-components=1", "-xzf", tarball]);
  /** @type {{ version: string, author: string }} */
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  // A version before another one sorts before it only with a tilde.
  const version = manifest.version.replaceAll("-", "~");

  await mkdir(join(root, "usr/bin"));
  await symlink("../lib/agentd/bin/agentd", join(root, "usr/bin/agentd"));
  await layOutUnits(root, installed);
  await layOutDocumentation(root, installed);
  await layOutManual(root, installed);
  for (const [shell, path] of Object.entries(COMPLETIONS)) {
    const { stdout } = await execa(join(installed, "bin/agentd"), ["completion", shell]);
    await write(join(root, path), `${stdout}\n`);
  }
  await write(
    join(root, "DEBIAN/control"),
    control(maintainer ?? manifest.author, version, await kibibytes(join(root, "usr"))),
  );
  return version;
}

/** @param {string} root @param {string} installed */
async function layOutUnits(root, installed) {
  await cp(join(installed, "systemd"), join(root, UNITS), { recursive: true });
  for (const name of ["agentd.service", "agentd-web.service"]) {
    const unit = join(root, UNITS, name);
    const text = await readFile(unit, "utf8");
    await writeFile(unit, text.replaceAll("%h/.local/bin/agentd", "/usr/bin/agentd"));
  }
}

/** agentd reads its examples, so they stay with it. @param {string} root @param {string} installed */
async function layOutDocumentation(root, installed) {
  const documentation = join(root, DOCUMENTATION);
  await mkdir(documentation, { recursive: true });
  for (const name of ["docs", "README.md", "CHANGELOG.md"]) {
    await rename(join(installed, name), join(documentation, name));
  }
  await symlink("../../../lib/agentd/examples", join(documentation, "examples"));
  await symlink("../../../lib/agentd/agents", join(documentation, "agents"));
  const license = await readFile(join(installed, "LICENSE"), "utf8");
  await write(
    join(documentation, "copyright"),
    `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n${license}`,
  );
}

/** Compressed, as Debian wants it. @param {string} root @param {string} installed */
async function layOutManual(root, installed) {
  const pages = join(installed, "man");
  await mkdir(join(root, MANUAL), { recursive: true });
  for (const name of await readdir(pages)) {
    const page = await readFile(join(pages, name));
    await writeFile(join(root, MANUAL, `${name}.gz`), gzipSync(page, { level: 9 }));
  }
  await rm(pages, { recursive: true });
}

/** @param {string} maintainer @param {string} version @param {number} size */
function control(maintainer, version, size) {
  return [
    "Package: agentd",
    `Version: ${version}`,
    "Section: devel",
    "Priority: optional",
    "Architecture: all",
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${size}`,
    `Depends: ${DEPENDS.join(", ")}`,
    `Recommends: ${RECOMMENDS.join(", ")}`,
    `Description: ${DESCRIPTION}`,
    "",
  ].join("\n");
}

/** @param {string} path @param {string} text */
async function write(path, text) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** @param {string} path @returns {Promise<number>} */
async function kibibytes(path) {
  const stats = await lstat(path);
  if (!stats.isDirectory()) return Math.ceil(stats.size / 1024);
  const sizes = await Promise.all((await readdir(path)).map((name) => kibibytes(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
