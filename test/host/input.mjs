/**
 * What a boot gets along with it: the packed product, an image for containers, the scenarios and which of them to run.
 */
import { cp, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { makeBusyboxTar } from "../kit/images.mjs";

/** @typedef {import("./plan.mjs").Step} Step */

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const TESTS = join(CHECKOUT, "test");

/**
 * Collects what does not change between boots.
 *
 * @param {string} directory Is made anew.
 */
export async function collectInput(directory) {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await packProduct(directory);
  await makePackages(directory);
  await makeBusyboxTar(join(directory, "busybox.tar"));
  for (const name of ["host/guest", "host/scenarios", "kit/until.mjs"]) {
    await cp(join(TESTS, name), join(directory, name), { recursive: true });
  }
}

/**
 * Writes the disk for one boot.
 *
 * @param {string} directory That of `collectInput`.
 * @param {readonly Step[] | "shell"} steps
 * @param {string} disk
 */
export async function writeInputDisk(directory, steps, disk) {
  await writeFile(join(directory, "host", "steps.json"), JSON.stringify(steps));
  await execa("tar", ["-C", directory, "-cf", disk, "."]);
}

/** What a release is made of, besides its modules. */
const SOURCES = [
  ...["agents", "bin", "docs", "examples", "packaging", "src", "systemd"],
  ...["README.md", "CHANGELOG.md", "LICENSE", "build.config.mjs", "package.json", "tsconfig.json"],
];

/** A package for Debian of what is here, and one of the next version. @param {string} directory */
async function makePackages(directory) {
  const copy = join(directory, "next");
  await mkdir(copy);
  try {
    for (const name of SOURCES) await cp(join(CHECKOUT, name), join(copy, name), { recursive: true });
    await symlink(join(CHECKOUT, "node_modules"), join(copy, "node_modules"));
    for (const words of [[], ["version", "minor", "--no-git-tag-version"]]) {
      if (words.length > 0) await execa("npm", words, { cwd: copy });
      await execa("node", ["packaging/main.mjs", "--out", join(copy, "out")], { cwd: copy });
    }
    const { stdout } = await execa("find", [join(copy, "out"), "-name", "*.deb"]);
    for (const path of stdout.split("\n")) await rename(path, join(directory, basename(path)));
  } finally {
    await rm(copy, { recursive: true });
  }
}

/** As `npm publish` would, from the build that is there. @param {string} directory */
async function packProduct(directory) {
  const { stdout } = await execa(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", directory],
    {
      cwd: CHECKOUT,
    },
  );
  const [{ filename }] = JSON.parse(stdout);
  await rename(join(directory, filename), join(directory, "agentd.tgz"));
}
